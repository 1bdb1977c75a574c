#include "protocol/varlink/dispatch.hpp"

// Source: varlink.org, "Interface Definition"; clearance.md, sections 3, 5
// and 6. A test walks these texts and holds dispatch() and the replies
// against them.

namespace clearance::protocol::varlink::idl {

const std::string_view service =
    R"idl(# What every varlink service says of itself.
interface org.varlink.service

# Who made the service, which one it is, and what it speaks.
method GetInfo() -> (
  vendor: string,
  product: string,
  version: string,
  url: string,
  interfaces: []string
)

# The description of one of the interfaces, in this language.
method GetInterfaceDescription(interface: string) -> (description: string)

# The service does not speak this interface.
error InterfaceNotFound (interface: string)

# The interface has no such method.
error MethodNotFound (method: string)

# The interface has this method, the service does not.
error MethodNotImplemented (method: string)

# A parameter is missing, unknown, or of the wrong type.
error InvalidParameter (parameter: string)

# The caller may not do this.
error PermissionDenied ()

# The method answers more than once and was called without `more`.
error ExpectedMore ()
)idl";

const std::string_view clearance =
    R"idl(# Blocked connections of containers, and what operators decide about them.
interface org.terok.Clearance1

# Something happened to a container. Every field is always present; a field that
# its type does not use is empty or zero. Types: connection_blocked,
# container_started, container_exited, shield_up, shield_down,
# shield_disengaged, verdict_applied.
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

# Follows events. First come the blocks that wait for a verdict and that no
# client has got yet, then every new event. Call it with `more`; it never ends.
method Subscribe() -> (event: ClearanceEvent)

# Allows or denies one block. `dest` is the event's domain, or its dest if the
# domain is empty; `action` is "allow" or "deny". The reply comes after the
# verdict was executed.
method Verdict(
  container: string,
  request_id: string,
  dest: string,
  action: string
) -> (ok: bool)

# The action is neither "allow" nor "deny".
error InvalidAction (action: string)

# No block of this id waits for a verdict.
error UnknownRequest (request_id: string)

# The block of this id is another container's, or to another destination.
error VerdictTupleMismatch (
  expected_container: string,
  expected_dest: string,
  got_container: string,
  got_dest: string
)

# The verdict could not be carried out. It may be tried again.
error ShieldCliFailed (action: string, stderr: string)
)idl";

const std::string_view clearance_verdict =
    R"idl(# Carries out verdicts, for the hub alone.
interface org.terok.ClearanceVerdict1

# Runs the shield. A failure is no error: `ok` is false and `stderr` says why.
method Apply(
  container: string,
  dest: string,
  action: string
) -> (ok: bool, stderr: string)
)idl";

const std::string_view clearance_shield =
    R"idl(# What the shield can do beyond ClearanceVerdict1, for the hub alone.
interface org.terok.ClearanceShield1

# Asks the shield. `for`: it can allow for a limited time; `ports`: it can allow
# single ports; `exact-names`: it can allow a name without those below it.
method Capabilities() -> (words: []string)

# Runs the shield. `seconds`: when the verdict ends by itself; without it, it
# does not. A failure is no error: `ok` is false and `stderr` says why.
method Apply(
  container: string,
  dest: string,
  action: string,
  seconds: ?int
) -> (ok: bool, stderr: string)
)idl";

} // namespace clearance::protocol::varlink::idl
