// javascript-live.cjs - what is printed is written, before the next statement
//
// Node writes to a pipe at once as long as the pipe has room, and queues the rest until the program
// returns to its event loop. A program that prints in a loop would be seen for 64 KB, fill its memory
// with the rest, and lose it at a limit and at process.exit(). A blocking pipe waits for its reader
// instead, as a terminal and a file do. The streams are made when they are first used, as ever.
'use strict';
for (const name of ['stdout', 'stderr']) {
	const own = Object.getOwnPropertyDescriptor(process, name);

	if (!own?.get || !own.configurable)
		continue;
	Object.defineProperty(process, name, {
		...own,
		get() {
			const stream = own.get.call(process);

			Object.defineProperty(process, name, own);
			if (!stream.isTTY)
				stream._handle?.setBlocking?.(true);
			return stream;
		},
	});
}
