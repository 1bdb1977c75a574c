// terok-supervisor starts here.
#include "services/cli/config_main.hpp"
#include "services/process/standard_descriptors.hpp"
#include "services/supervisor/supervisor.hpp"

namespace {

using namespace clearance::services;

struct run {
  int operator()(const outcome& x) const { return tell("terok-supervisor", x); }
  int operator()(const supervise_child_options& x) const {
    return supervise_child(x);
  }
  int operator()(const supervise_options& x) const { return supervise(x); }
};

} // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  const auto judge = supervisor_judge();
  return run_configured(
      "terok-supervisor", argc, argv, judge, [](const auto& words) {
        return std::visit(run{}, parse_supervisor_command_line(words));
      });
}
