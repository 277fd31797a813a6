/* gate_env.c - see the header */
#include "runner/box/gate_env.h"
#include "engine/attach.h"
#include "runner/box/box.h"
#include "runner/box/gate.h"
#include "wire/frame_types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void send_variables(struct attach *a, const char *const *names, const char *value)
{
	char text[200];

	for (; *names; names++) {
		snprintf(text, sizeof text, "%s=%s", *names, value);
		attach_send(a, FRAME_ENV, text, strlen(text));
	}
}

void gate_env_send(struct attach *a, bool proxy, bool authorities)
{
	static const char *const proxies[] = { "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", NULL },
				 *const files[] = { "SSL_CERT_FILE",
						    "PIP_CERT",
						    "REQUESTS_CA_BUNDLE",
						    "CURL_CA_BUNDLE",
						    "NODE_EXTRA_CA_CERTS",
						    "npm_config_cafile",
						    NULL },
				 *const node[] = { "NODE_USE_ENV_PROXY", NULL };

	if (proxy) {
		send_variables(a, proxies, GATE_ADDRESS);
		send_variables(a, node, "1");
	}
	if (authorities)
		send_variables(a, files, BOX_AUTHORITIES);
}
