#include "protocol/gate/hook_script.hpp"

#include <doctest/doctest.h>

#include <string>

namespace hook_script_tests {

using namespace clearance::protocol;

TEST_CASE("a hook's script runs the program and passes its arguments on") {
  CHECK_EQ(hook_script("/opt/x/terok-gate", "pre-receive"),
           "#!/bin/sh\n"
           "# Written by terok-gate --install-hooks.\n"
           "exec '/opt/x/terok-gate' hook pre-receive \"$@\"\n");
}

TEST_CASE("the program is read out of a script, whatever its bytes are") {
  for (const std::string program :
       {"/usr/bin/terok-gate", "/a b/$(x)/`y`", "/it's", "'", "''", "/\x9b\n\\",
        "/x' hook pre-receive \"$@\"\n"}) {
    INFO(program);
    const auto x =
        parse_hook_script(hook_script(program, "pre-receive"), "pre-receive");
    CHECK(x.ours);
    CHECK_EQ(x.program, program);
  }
}

TEST_CASE("a hook of the operator's is not ours") {
  for (const auto* text :
       {"", "#!/bin/sh\n", "#!/bin/sh\nexec '/x' hook a\n"}) {
    const auto x = parse_hook_script(text, "pre-receive");
    CHECK_FALSE(x.ours);
    CHECK_EQ(x.program, "");
  }
}

TEST_CASE(
    "a script of another version, or one that was changed, has no program") {
  const auto whole = hook_script("/x", "pre-receive");
  const std::string start =
      "#!/bin/sh\n# Written by terok-gate --install-hooks.\n";
  for (const auto& text :
       {start, start + "exec", start + "exec '", start + "exec '/x",
        start + "exec '/x' hook pre-receive\n", whole + "x",
        whole.substr(0, whole.size() - 1), hook_script("/x", "post-receive"),
        start + "exec /x hook pre-receive \"$@\"\n"}) {
    INFO(text);
    const auto x = parse_hook_script(text, "pre-receive");
    CHECK(x.ours);
    CHECK_EQ(x.program, "");
  }
}

} // namespace hook_script_tests
