namespace Shapes;

public abstract record Shape(string Name)
{
	public abstract double Area { get; }
}

public record Circle(double R) : Shape("circle")
{
	public override double Area => Math.PI * R * R;
}
