# tries: memory by an archive that grows a thousand times
# limits: memory=64M
# want: memory limit|exited 1
# control: replace <<28 <<18
import zlib
z = zlib.compress(bytes(1<<28))
print(len(zlib.decompress(z)))
