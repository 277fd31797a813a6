/* image_type.h - the media type of an image, by its first bytes */
#ifndef CEE_HTTP_IMAGE_TYPE_H
#define CEE_HTTP_IMAGE_TYPE_H

#include <stdint.h>

/* Of size bytes of the file from position from on; only types that cannot hold a script, so no SVG. NULL: not one. */
const char *image_type(int fd, int64_t from, int64_t size);

#endif
