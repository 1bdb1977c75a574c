#include "protocol/operator/idl.hpp"

// Source: varlink.org, "Interface Definition". A test walks this text and holds
// encode.cpp against it.

namespace clearance::protocol {

const std::string_view operator_idl =
    R"idl(# What operators are asked about blocked connections, and what was decided.
# Times are microseconds since the epoch, UTC. A member with `?` is left out or
# null where it does not apply.
interface org.terok.ClearanceOperator1

# Who made a decision. kind: operator, policy, application. `name` is what the
# client says of itself.
type Who (
  kind: string,
  uid: ?int,
  pid: ?int,
  command: ?string,
  name: ?string
)

# The answer to a prompt. result: applied, failed, pending, left_denied (nothing
# was executed, because the firewall denies already).
type Decision (
  seq: int,
  prompt: string,
  action: string,
  by: Who,
  at: int,
  reason: ?string,
  rule: ?string,
  result: string,
  error: ?string,
  until: ?int,
  waited: ?int,
  shown: ?int,
  container: string,
  target: string
)

# The one question about a container and a target. state: waiting, deciding,
# decided, gone. why: container_exited, shield_down, shield_disengaged,
# forgotten. `revision` changes with what one has to know to decide. `opens` says
# what an allow would open.
type Prompt (
  id: string,
  revision: int,
  container: string,
  dossier: [string]string,
  target: string,
  domain: string,
  dest: string,
  addresses: []string,
  more_addresses: int,
  ports: []int,
  protocols: []int,
  flags: []string,
  first_seen: int,
  last_seen: int,
  count: int,
  state: string,
  why: ?string,
  quiet: bool,
  rule: ?string,
  opens: string,
  decision: ?Decision
)

# The state of the hub.
type Hub (
  id: string,
  version: string,
  since: int,
  containers: int,
  waiting: int,
  operators: int,
  scopes: []string,
  policy: string,
  audit: string,
  events_lost: int
)

# How far a decision reaches. seconds: until it ends.
type Scope (seconds: ?int)

# One entry of the policy.
type Rule (
  name: string,
  why: string,
  file: string,
  line: int,
  on: [string]string,
  to: []string,
  ports: []int,
  action: string,
  expires: ?string,
  quiet: bool
)

# As in org.terok.Clearance1.
type ClearanceEvent (
  type: string,
  container: string,
  request_id: string,
  dest: string,
  port: int,
  proto: int,
  domain: string,
  action: string,
  ok: bool,
  reason: string,
  dossier: [string]string
)

# Follows the prompts; call it with `more`, it never ends. First come the hub and
# all prompts, in several replies; `complete` is true in the last of them. Then
# comes every change: the newest state of a prompt, the ids of prompts that are
# no longer shown, another event, or how many events were lost. `restart` begins
# a new snapshot: forget everything before it. attends: a person looks at this
# client.
method Watch(name: ?string, attends: ?bool) -> (
  hub: ?Hub,
  prompts: ?[]Prompt,
  complete: ?bool,
  restart: ?bool,
  prompt: ?Prompt,
  removed: ?[]string,
  event: ?ClearanceEvent,
  lost: ?int
)

# All prompts, or those of one container.
method List(container: ?string) -> (prompts: []Prompt)

# Allows or denies the target of a prompt. action: allow, deny. The reply comes
# after the decision was executed.
method Decide(
  prompt: string,
  revision: int,
  action: string,
  reason: ?string,
  scope: ?Scope,
  name: ?string
) -> (decision: Decision)

# Prompts of a quiet container do not ask for attention.
method Quiet(container: string, on: bool) -> ()

# Recent decisions, the newest last: those with a seq greater than `after`.
method History(after: ?int, limit: ?int, container: ?string) -> (
  decisions: []Decision
)

# What the policy says about a prompt or a target. decision: allow, deny, ask.
# rules: all that match. unknown: what rules ask for and the call does not say.
method Explain(
  prompt: ?string,
  container: ?string,
  target: ?string,
  dossier: ?[string]string,
  addresses: ?[]string,
  ports: ?[]int
) -> (decision: string, rules: []string, unknown: []string, opens: string)

# How many events the hub has dropped for the subscriptions to
# org.terok.Clearance1 that the caller's process has now, because they did not
# read.
method Lost() -> (events: int)

# The policy in force, and whether its last load failed.
method Rules() -> (rules: []Rule, state: string)

# Adds a rule to the policy.
method AddRule(text: string) -> (file: string)

# There is no prompt of this id, or it is gone.
error NoSuchPrompt (prompt: string)

# The prompt is not what it was at this revision. Nothing was executed.
error PromptChanged (prompt: Prompt)

# Somebody has decided the prompt, or is about to.
error AlreadyDecided (decision: Decision)

# The decision could not be executed. The prompt waits again.
error DecisionFailed (decision: Decision)

# The shield cannot do that.
error ScopeNotSupported (scope: string)

# The action is neither "allow" nor "deny".
error InvalidAction (action: string)
)idl";

} // namespace clearance::protocol
