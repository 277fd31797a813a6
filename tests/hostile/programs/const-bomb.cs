// tries: the compiler's memory by constants that double
// limits: compile.cpu=8 compile.memory=512M
// want: compile error
// control: replace W+W+W+W+W+W+W+W A
class P {
    const string A = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const string B = A + A + A + A + A + A + A + A + A + A + A + A + A + A + A + A;
    const string C = B + B + B + B + B + B + B + B + B + B + B + B + B + B + B + B;
    const string D = C + C + C + C + C + C + C + C + C + C + C + C + C + C + C + C;
    const string W = D + D + D + D + D + D + D + D + D + D + D + D + D + D + D + D;
    const string X = W+W+W+W+W+W+W+W;
    const string Y = X + X + X + X + X + X + X + X;
    const string Z = Y + Y + Y + Y + Y + Y + Y + Y;
    static int Main() => Z.Length > 0 ? 0 : 1;
}
