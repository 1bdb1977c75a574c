// Varlink clients of other authors, if the machine has one. They would find a
// mistake in our reading of the varlink specification.

#include "test/end_to_end/world/deployment.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <sstream>

namespace independent_client_tests {

namespace {

using namespace clearance::test;

std::optional<std::string> find_program(const std::string& name) {
  const auto path = std::getenv("PATH");
  std::istringstream in{path ? path : ""};
  for (std::string directory; std::getline(in, directory, ':');)
    if (const auto file = directory + "/" + name; std::filesystem::exists(file))
      return file;
  return std::nullopt;
}

/// The program's output. The program must end with 0.
std::string output_of(std::vector<std::string> argv) {
  child_options options;
  options.argv = std::move(argv);
  child program{std::move(options)};
  CHECK(program.wait() == exited(0));
  CAPTURE(program.err());
  return program.out();
}

void check_contains(const std::string& text, const std::string& part) {
  CAPTURE(text);
  CHECK(text.find(part) != std::string::npos);
}

} // namespace

TEST_CASE("varlinkctl understands the hub") {
  const auto program = find_program("varlinkctl");
  if (!program) {
    skipped("varlinkctl is not installed");
    return;
  }
  const runtime where;
  hub server{where};
  const auto address = where.clearance().string();
  check_contains(output_of({*program, "info", address}), "terok-clearance");
  // varlinkctl parses the description and refuses bad IDL.
  for (auto interface : {"org.terok.Clearance1", "org.terok.ClearanceOperator1",
                         "org.varlink.service"})
    check_contains(output_of({*program, "introspect", address, interface}),
                   std::string("interface ") + interface);
  check_contains(output_of({*program, "call", address,
                            "org.varlink.service.GetInfo", "{}"}),
                 "terok");
}

TEST_CASE("varlink(1) understands the hub") {
  const auto program = find_program("varlink");
  if (!program) {
    skipped("varlink is not installed");
    return;
  }
  const runtime where;
  hub server{where};
  const auto address = "unix:" + where.clearance().string();
  check_contains(output_of({*program, "info", address}), "terok-clearance");
  check_contains(
      output_of({*program, "help", address + "/org.terok.Clearance1"}),
      "interface org.terok.Clearance1");
}

TEST_CASE("python3-varlink understands the hub") {
  const auto python = find_program("python3");
  auto has_varlink = [&] {
    child_options options;
    options.argv = {*python, "-c", "import varlink"};
    return child{std::move(options)}.wait() == exited(0);
  };
  if (!python || !has_varlink()) {
    skipped("python3-varlink is not installed");
    return;
  }
  operation x{executor::helper};
  auto watcher = x.server.subscriber();
  x.server.emit(block{}.line());
  CHECK(watcher.next_event() == block{}.event());
  const auto script = R"(
import sys, varlink
with varlink.Client.new_with_address("unix:" + sys.argv[1]) as client:
    print(client.get_interfaces())
    with client.open("org.terok.Clearance1") as hub:
        try:
            hub.Verdict("c1", "nothing", "x", "allow")
        except varlink.VarlinkError as e:
            print(e.error(), e.parameters())
        print(hub.Verdict("c1", "c1:1", "203.0.113.7", "allow"))
)";
  const auto said =
      output_of({*python, "-c", script, x.where.clearance().string()});
  check_contains(said, "org.terok.Clearance1");
  check_contains(said, "UnknownRequest");
  check_contains(said, "True");
}

} // namespace independent_client_tests
