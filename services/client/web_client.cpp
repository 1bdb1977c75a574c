#include "services/client/web_client.hpp"

#include "services/client/other_program.hpp"

namespace clearance::services {

int web_client(const web_client_config& config) {
  std::vector<std::string> words;
  for (const auto& socket : config.clearance_sockets) {
    words.emplace_back("--clearance-socket");
    words.push_back(socket);
  }
  if (!config.listen.empty()) {
    words.emplace_back("--listen");
    words.push_back(config.listen);
  }
  if (!config.opens)
    words.emplace_back("--no-open");
  return execute_program(
      "terok-clearance-web", std::move(words),
      "the page for a browser is served by the program terok-clearance-web, "
      "which was found neither beside this program nor on PATH; install the "
      "package terok-clearance-web, or use `terok-clearance --plain`");
}

} // namespace clearance::services
