// tries: the compiler's memory by types that double
// limits: compile.cpu=10 compile.wall=50 compile.memory=512M
// want: compile error
// control: replace 999 3
type Grow<T extends any[], N extends number> = T["length"] extends N ? T : Grow<[...T, any], N>;
type All = Grow<[], 999>;
type Pairs<T extends any[]> = T extends [infer A, ...infer R] ? [A, ...Pairs<R>, ...Pairs<R>] : [];
const x: Pairs<All> | undefined = undefined;
console.log(x);
