/*
 * What is to go wrong, as the variable NETLINK_FAULTS tells: NAME=VALUE;NAME=VALUE… A change is a request that adds or
 * deletes a route or a rule; changes, batches of them, acknowledgements and dumps are counted from 1. An answer that does
 * not come is not waited for.
 *
 *   while=PATH            nothing of the following happens, and nothing is counted, but while that file exists
 *   tell=PATH             that file is made when a fault has happened
 *   receive-buffer=BYTES  of every socket that joins a group
 *   kernel=VERSION        the kernel is as old as that, 415 for 4.15, in what it has not: before 4.17 rules have no protocol,
 *                         before 4.20 dumps are not checked, before 5.3 nobody tells of next hop objects
 *   lacks=MODULE          what the kernel has not of nf_tables and nf_conntrack: it is asked for what no kernel has instead
 *   kill-before-write=N   SIGKILL when all changes before the N-th have been made
 *   kill-after-write=N    SIGKILL when the N-th change has been made
 *   step=SOCKET           after each change tells "N TYPE FAMILY TABLE" to that Unix socket, and waits for a byte
 *   refuse=N              the N-th change is refused and not made; refuse-every=K: so is every K-th
 *   refuse-with=ERRNO     how: as from a lack of memory unless told
 *   lose-answer=N         the N-th acknowledgement does not arrive
 *   truncate-send=N       of the N-th batch the kernel gets the first half, whole messages
 *   truncate-inside=N     so, and of the next message a part
 *   dump-of=TYPE          which dumps are counted, by the number of the request; those of routes and rules unless told
 *   dump-error=N          the N-th dump ends half-way, with an error
 *   dump-short=N          the N-th dump ends half-way, without an end
 *   dump-intr=N           the N-th dump lacks its second half, and is marked as interrupted
 *   dump-fail=N           the N-th dump breaks off after a datagram: the kernel lacks memory, and gives the rest later
 *   dump-skip=K           every K-th object is missing from dumps of rules and of IPv6, the same ones each time
 *   dump-stop=SOCKET      when a dump has begun, tells that socket of it, as for `step`
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static struct {
  const char *condition, *tell, *step, *dump_stop, *lacks;
  long receive_buffer, kernel, kill_before, kill_after, refuse, refuse_every, refuse_with, lose_answer;
  long truncate_send, truncate_inside, dump_of, dump_error, dump_short, dump_intr, dump_fail, dump_skip;
} faults = {.kernel = LONG_MAX, .refuse_with = ENOMEM};

static const char *setting(const char *name) {
  const char *at = getenv("NETLINK_FAULTS");
  size_t length = strlen(name);
  while (at && (strncmp(at, name, length) != 0 || at[length] != '=')) at = (at = strchr(at, ';')) ? at + 1 : NULL;
  return at ? strndup(at + length + 1, strcspn(at + length + 1, ";")) : NULL;
}

static void number(const char *name, long *value) {
  const char *text = setting(name);
  if (text) *value = atol(text);
}

static void read_faults(void) {
  faults.condition = setting("while");
  faults.tell = setting("tell");
  faults.step = setting("step");
  faults.dump_stop = setting("dump-stop");
  faults.lacks = setting("lacks");
  number("receive-buffer", &faults.receive_buffer);
  number("kernel", &faults.kernel);
  number("kill-before-write", &faults.kill_before);
  number("kill-after-write", &faults.kill_after);
  number("refuse", &faults.refuse);
  number("refuse-every", &faults.refuse_every);
  number("refuse-with", &faults.refuse_with);
  number("lose-answer", &faults.lose_answer);
  number("truncate-send", &faults.truncate_send);
  number("truncate-inside", &faults.truncate_inside);
  number("dump-of", &faults.dump_of);
  number("dump-error", &faults.dump_error);
  number("dump-short", &faults.dump_short);
  number("dump-intr", &faults.dump_intr);
  number("dump-fail", &faults.dump_fail);
  number("dump-skip", &faults.dump_skip);
}
