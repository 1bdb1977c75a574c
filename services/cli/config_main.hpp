/// Parts of main() that all programs use.
#pragma once

#include "protocol/text/text.hpp"
#include "services/cli/config_file.hpp"
#include "services/cli/terminal.hpp"
#include "services/process/exit_code.hpp"
#include "services/process/log.hpp"
#include "services/process/stderr_lines.hpp"

#include <exception>
#include <new>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace clearance::services {

/// Prints the texts of an outcome, such as help. Returns its exit code.
template <class Told>
int tell(const char* program, const Told& x) {
  write_stderr(x.err);
  auto why = x.out.empty() ? std::string{} : print(x.out);
  if (why.empty())
    return x.code;
  say_on_stderr(program, why);
  return exit_failed;
}

/// Runs `f`, which returns an exit code. An exception that leaves `f` becomes
/// one line on stderr and exit code 1.
template <class F>
int run_guarded(const char* program, F f) try {
  return f();
} catch (const std::bad_alloc&) {
  print_fault(program, "out of memory");
  return exit_failed;
} catch (const std::exception& e) {
  print_fault(program, protocol::escaped(e.what()));
  return exit_failed;
}

/// The words behind the program's name.
inline std::vector<std::string> words_of(int argc, char** argv) {
  return {argv + (argc > 0 ? 1 : 0), argv + argc};
}

/// run_guarded() with the words and what their configuration file adds.
template <class F>
int run_configured(const char* program, const std::vector<std::string>& given,
                   const config_judge& judge, F f) {
  return run_guarded(program, [&]() -> int {
    auto words = with_config(given, judge);
    if (auto* fault = std::get_if<config_fault>(&words)) {
      say_on_stderr(program, fault->what);
      return exit_usage;
    }
    return f(std::get<0>(std::move(words)));
  });
}

template <class F>
int run_configured(const char* program, int argc, char** argv,
                   const config_judge& judge, F f) {
  return run_configured(program, words_of(argc, argv), judge, std::move(f));
}

} // namespace clearance::services
