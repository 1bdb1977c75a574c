#include "actors/io/process/child_runner.hpp"

#include "actors/io/process/captured_child.hpp"

#include <caf/send.hpp>

#include <cstdlib>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace clearance::io {

namespace {

bool executable(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode)
         && ::access(path.c_str(), X_OK) == 0;
}

// Empty if /proc is missing.
std::string own_directory() {
  std::string path(4096, '\0');
  auto n = ::readlink("/proc/self/exe", path.data(), path.size());
  path.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string{} : path.substr(0, slash);
}

std::vector<std::string> environment() {
  std::vector<std::string> result;
  for (auto x = environ; x != nullptr && *x != nullptr; ++x)
    result.emplace_back(*x);
  return result;
}

actors::process_ended judge(actors::process_id id, captured_result&& x) {
  using how = actors::process_ended::how;
  actors::process_ended result;
  result.id = id;
  result.stderr_bytes = std::move(x.stderr_bytes);
  if (!x.started) {
    result.what = how::not_spawned;
    result.code = x.spawn_errno;
  } else if (x.timed_out || !x.status) {
    result.what = how::timed_out;
  } else {
    result.what = x.status->signaled ? how::signalled : how::exited;
    result.code = x.status->value;
  }
  return result;
}

class child_run final : public actors::process {
public:
  child_run(boost::asio::io_context& context, captured_config config)
      : child_(context, std::move(config)) {
    // nop
  }

  captured_child& child() { return child_; }

private:
  captured_child child_;
};

} // namespace

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return executable(name) ? name : std::string{};
  if (auto beside = own_directory() + "/" + name; executable(beside))
    return beside;
  auto list = std::getenv("PATH"); // NOLINT(concurrency-mt-unsafe)
  std::string_view rest = list != nullptr ? list : "";
  while (!rest.empty()) {
    auto colon = rest.find(':');
    auto entry = rest.substr(0, colon);
    rest.remove_prefix(colon == rest.npos ? rest.size() : colon + 1);
    // Skips empty and relative entries: they would run a program that somebody
    // put into the working directory.
    if (entry.empty() || entry.front() != '/')
      continue;
    if (auto path = std::string{entry} + "/" + name; executable(path))
      return path;
  }
  return {};
}

actors::process_ptr run_child(boost::asio::io_context& context,
                              actors::process_id id, actors::process_spec spec,
                              const actors::process_owner& owner) {
  auto program = find_program(spec.program);
  if (program.empty()) {
    actors::process_ended result;
    result.id = id;
    result.what = actors::process_ended::how::not_found;
    caf::anon_send(owner, std::move(result));
    return nullptr;
  }
  captured_config config;
  config.program = std::move(program);
  config.argv = std::move(spec.arguments);
  config.argv.insert(config.argv.begin(), std::move(spec.program));
  config.environment = environment();
  config.time_limit = spec.time_limit;
  config.stderr_max_bytes = spec.stderr_max_bytes;
  auto result = std::make_unique<child_run>(context, std::move(config));
  result->child().start([id, owner](captured_result x) {
    caf::anon_send(owner, judge(id, std::move(x)));
  });
  return result;
}

} // namespace clearance::io
