/// The result of words that run nothing: help, version, or a usage error.
#pragma once

#include <string>
#include <vector>

namespace clearance::services {

/// What is wrong with a command line.
struct usage_error {
  enum class kind {
    value,    ///< one option has a value that it cannot have
    together, ///< options do not go together
    missing,  ///< an option or a value is missing
    other,    ///< for example: there is no such option
  };

  kind what = kind::other;
  std::vector<std::string> options; ///< that the error is about, as `--socket`
  std::string why;                  ///< one line; empty: nothing is wrong
};

struct outcome {
  int code = 0;
  std::string out;     ///< for stdout
  std::string err;     ///< for stderr; of a usage error two lines
  usage_error fault{}; ///< of a usage error
};

} // namespace clearance::services
