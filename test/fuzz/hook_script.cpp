#include "protocol/gate/hook_script.hpp"

#include "test/fuzz/fuzz.hpp"

#include <string>

namespace hook_script_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

// The input is used as a script, and then as a program.
void run(const std::uint8_t* data, std::size_t size) {
  const auto text = std::string(clearance::test::as_text(data, size));
  const auto found = parse_hook_script(text, "pre-receive");
  require(found.ours || found.program.empty(), "only ours name a program");
  if (!found.program.empty())
    require(hook_script(found.program, "pre-receive") == text,
            "a script is what it says");
  const auto made = hook_script(text, "post-receive");
  const auto again = parse_hook_script(made, "post-receive");
  require(again.ours && again.program == text, "a program survives");
}

const clearance::test::fuzzer registered{"hook_script", run};

} // namespace

} // namespace hook_script_fuzzer
