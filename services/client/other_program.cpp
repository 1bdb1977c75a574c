#include "services/client/other_program.hpp"

#include "actors/io/process/find_program.hpp"
#include "protocol/text/error_text.hpp"
#include "services/cli/terminal.hpp"
#include "services/process/exit_code.hpp"

#include <cerrno>
#include <unistd.h>

namespace clearance::services {

int execute_program(const std::string& name, std::vector<std::string> words,
                    std::string_view missing) {
  const auto path = io::find_program(name);
  if (path.empty()) {
    complain(missing);
    return exit_failed;
  }
  words.insert(words.begin(), name);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(path.c_str(), arguments.data());
  const auto why = protocol::error_text(errno);
  complain("cannot execute " + shown(path) + ": " + why);
  return exit_failed;
}

} // namespace clearance::services
