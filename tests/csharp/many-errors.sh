for i in $(seq 400); do echo "int x$i = undefined$i;"; done
