// cpp-live.cc - std::cout line by line after std::ios::sync_with_stdio(false)
//
// Compiled while the image is built, and linked into each program of C++ (as c-live.c is). As long
// as iostreams are synchronised with stdio, a line-buffered stdout is all they need. A program that
// ends that gets buffers of libstdc++'s own, which are written when they are full: its lines would come late, and be
// lost at a time limit. So the call is taken here, carried out, and the standard streams get
// a buffer that is written up to its last newline each time one comes.
//
// Not reached: streams that a program opens itself.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <iostream>
#include <new>
#include <streambuf>
#include <unistd.h>

namespace {

class lines : public std::streambuf {
public:
	explicit lines(int to) : fd(to) {}

protected:
	// There is no put area: each character comes by here, so that no newline is missed.
	int_type overflow(int_type c) override
	{
		char one = traits_type::to_char_type(c);

		if (traits_type::eq_int_type(c, traits_type::eof()))
			return traits_type::not_eof(c);
		return xsputn(&one, 1) == 1 ? c : traits_type::eof();
	}

	std::streamsize xsputn(const char *s, std::streamsize n) override
	{
		const void *nl = memrchr(s, '\n', static_cast<size_t>(n));
		size_t len = static_cast<size_t>(n);
		size_t whole = nl ? static_cast<size_t>(static_cast<const char *>(nl) - s) + 1 : 0;

		if (len > sizeof held - used) {
			if (sync() < 0 || (len >= sizeof held && !put(s, len)))
				return 0;
			if (len >= sizeof held)
				return n;
		}
		memcpy(held + used, s, len);
		used += len;
		return whole == 0 || write_front(used - (len - whole)) ? n : 0;
	}

	int sync() override { return write_front(used) ? 0 : -1; }

private:
	bool write_front(size_t n)
	{
		bool done = put(held, n);

		// also when it failed, as a FILE does: what cannot be written is not tried for ever
		memmove(held, held + n, used - n);
		used -= n;
		return done;
	}

	bool put(const char *s, size_t n)
	{
		while (n > 0) {
			ssize_t r = write(fd, s, n);

			if (r < 0 && errno != EINTR)
				return false;
			s += r > 0 ? r : 0;
			n -= r > 0 ? static_cast<size_t>(r) : 0;
		}
		return true;
	}

	int fd;
	size_t used = 0;
	char held[16384];
};

// Never destroyed: programs print from destructors too, and libstdc++ flushes after all of them.
alignas(lines) unsigned char room[2][sizeof(lines)];

void replace()
{
	lines *out = new (room[0]) lines(STDOUT_FILENO), *err = new (room[1]) lines(STDERR_FILENO);

	std::cout.rdbuf(out);
	std::cerr.rdbuf(err);	// has unitbuf, and shares a buffer with clog
	std::clog.rdbuf(err);
	std::wcout.setf(std::ios_base::unitbuf);
	std::wclog.setf(std::ios_base::unitbuf);
}

}

bool std::ios_base::sync_with_stdio(bool sync)
{
	using function = bool (*)(bool);
	static const function real = reinterpret_cast<function>(dlsym(RTLD_NEXT, "_ZNSt8ios_base15sync_with_stdioEb"));
	bool was = real ? real(sync) : true;

	if (was && !sync && real && getenv("CEE_LIVE"))
		replace();
	return was;
}
