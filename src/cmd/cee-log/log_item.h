/* log_item.h - printing a piece of output, as text or as JSON */
#ifndef CEE_CMD_LOG_ITEM_H
#define CEE_CMD_LOG_ITEM_H

#include "cmd/cee-log/log_prog.h"
#include "spool/follow.h"

void log_text_item(struct log *l, const struct follow_item *it);
void log_json_item(struct log *l, const struct follow_item *it);

#endif
