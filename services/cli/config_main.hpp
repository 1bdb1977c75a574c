/// What the main() of every program shares.
#pragma once

#include "services/cli/config_file.hpp"
#include "services/cli/terminal.hpp"
#include "services/process/exit_code.hpp"

#include <cstdio>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace clearance::services {

/// Says what a program that runs nothing has to say. Returns its exit code.
template <class Told>
int tell(const char* program, const Told& x) {
  std::fputs(x.err.c_str(), stderr);
  auto why = x.out.empty() ? std::string{} : print(x.out);
  if (why.empty())
    return x.code;
  std::fprintf(stderr, "%s: %s\n", program, why.c_str());
  return exit_failed;
}

/// Runs `f` with the words and what their configuration file adds.
template <class F>
int run_configured(const char* program, int argc, char** argv,
                   const config_judge& judge, F f) {
  auto words = with_config(
      std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc), judge);
  if (auto* fault = std::get_if<config_fault>(&words)) {
    std::fprintf(stderr, "%s: %s\n", program, fault->what.c_str());
    return exit_usage;
  }
  return f(std::get<0>(std::move(words)));
}

} // namespace clearance::services
