echo 'var numbers = Enumerable.Range(1, 50).ToArray(); long total = 0;'
for i in $(seq 1000); do
	echo "total += numbers.Where(n => n % $((i % 9 + 2)) == 0).Select(n => n * $i).OrderByDescending(n => n).Take($((i % 5 + 1))).Sum();"
done
echo 'Console.WriteLine(total);'
