# 1,000 lines of LINQ, ten to a method
echo 'long total = 0;'
for m in $(seq 100); do echo "total += Part.Of$m();"; done
echo 'Console.WriteLine(total);'
echo 'static class Part {'
echo '	static readonly int[] numbers = Enumerable.Range(1, 50).ToArray();'
for m in $(seq 100); do
	echo "	public static long Of$m() { long total = 0;"
	for i in $(seq 10); do
		echo "		total += numbers.Where(n => n % $((i % 9 + 2)) == 0).Select(n => n * $((m + i))).OrderByDescending(n => n).Take($((i % 5 + 1))).Sum();"
	done
	echo '		return total; }'
done
echo '}'
