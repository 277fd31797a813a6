/* buf.h - a buffer that grows, and cleanup attributes */
#ifndef CEE_BASE_BUF_H
#define CEE_BASE_BUF_H

#include <stddef.h>

/* A buffer that grows; owned by whoever has the struct. */
struct buf {
	char *data; /* NUL-terminated when not NULL */
	size_t len, cap;
};
void buf_release(struct buf *b);
/* Room for more bytes and a NUL behind len. -1 ENOMEM */
int buf_room(struct buf *b, size_t more);
int buf_add(struct buf *b, const void *data, size_t len); /* -1 ENOMEM */
int buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));


static inline void free_ptr(void *p)
{
	extern void free(void *);
	free(*(void **)p); /* analyzer: gcc does not see a text that was set as a void pointer */
}
#define AUTO_FREE __attribute__((cleanup(free_ptr)))
#define AUTO_BUF __attribute__((cleanup(buf_release)))

#endif
