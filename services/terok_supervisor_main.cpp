// terok-supervisor: the program's one entry.
#include "services/terok_supervisor.hpp"

#include <cstdio>

namespace {

using namespace clearance::services;

struct run {
  int operator()(const supervisor_told& x) const {
    std::fputs(x.out.c_str(), stdout);
    std::fputs(x.err.c_str(), stderr);
    return x.code;
  }
  int operator()(const supervise_child_options& x) const {
    return supervise_child(x);
  }
  int operator()(const supervise_options& x) const { return supervise(x); }
};

} // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  return std::visit(run{}, parse_supervisor_command_line(words));
}
