namespace Shapes
{
	public record Box(double A, double B) : Shape("box")
	{
		public override double Area => A * B;
	}
}
