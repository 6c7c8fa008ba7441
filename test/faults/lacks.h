/*
 * A kernel that lacks nf_tables or nf_conntrack answers as any kernel does to what it does not know: so the requests are
 * changed to ask for that. Of nf_tables it is the subsystem (linux/netfilter/nfnetlink.h), of nf_conntrack the expression "ct".
 */
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>

enum { UNKNOWN_SUBSYSTEM = NFNL_SUBSYS_COUNT };

static bool lacks(const char *module) { return faults.lacks && strcmp(faults.lacks, module) == 0; }

static void ask_for_unknown_subsystem(struct nlmsghdr *message) {
  struct nfgenmsg *body = NLMSG_DATA(message);
  if (message->nlmsg_type == NFNL_MSG_BATCH_BEGIN) body->res_id = htons(UNKNOWN_SUBSYSTEM);
  else if (NFNL_SUBSYS_ID(message->nlmsg_type) == NFNL_SUBSYS_NFTABLES)
    message->nlmsg_type = UNKNOWN_SUBSYSTEM << 8 | NFNL_MSG_TYPE(message->nlmsg_type);
}

/* The attribute as it is sent: its length, its type, its text. */
static void ask_for_unknown_expression(char *bytes, size_t length) {
  const struct { struct nlattr head; char text[3]; } name = {{7, NFTA_EXPR_NAME}, "ct"};
  for (char *at = bytes; length >= 7 && (at = memmem(at, bytes + length - at, &name, 7)); at += 7) at[4] = 'x';
}

/* The bytes are the program's own, which has no use for them afterwards. */
static void ask_for_unknown(char *bytes, size_t length) {
  if (lacks("nf_conntrack")) ask_for_unknown_expression(bytes, length);
  if (!lacks("nf_tables")) return;
  struct nlmsghdr *message = (void *)bytes;
  for (size_t rest = length; NLMSG_OK(message, rest); message = NLMSG_NEXT(message, rest))
    ask_for_unknown_subsystem(message);
}
