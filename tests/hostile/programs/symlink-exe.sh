# tries: a program that is process 1's own, by links to it: CVE-2019-5736
# want: exited 0
# control: none only what comes after counts
ln -s /proc/1/exe one
ln -s /proc/self/exe self
printf '#!/proc/self/exe\n' > hash
chmod +x hash
for i in one self hash; do (exec ./$i > /dev/null 2>&1 < /dev/null); done
(exec 9> one) 2> /dev/null && echo "got: process 1's program"
(exec 9> /.cee/init) 2> /dev/null && echo "got: cee-init"
exit 0
