printf 'Console.WriteLine('; printf '%0.s(' $(seq 3000); printf 1; printf '%0.s)' $(seq 3000); echo ');'
