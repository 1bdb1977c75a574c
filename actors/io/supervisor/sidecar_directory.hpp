/// Watches a directory of sidecars with inotify.
#pragma once

#include "actors/io/base/unique_fd.hpp"
#include "actors/supervisor/messages.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <variant>

namespace clearance::io {

/// Reports every `*.json` whose name does not begin with a dot: if it is there
/// at the start, when its writer closes it, when it is moved into the
/// directory, when its mode changes, and when it vanishes. See
/// sidecar_directory.cpp.
class sidecar_directory final : public actors::sidecar_source {
public:
  /// Starts the watch. Nothing is read before start(). Errors: one line.
  static std::variant<std::unique_ptr<sidecar_directory>, std::string>
  open(const std::string& path);

  ~sidecar_directory() override;

  /// Call it before start(). `context` must outlive this object.
  void use(boost::asio::io_context& context) noexcept { context_ = &context; }

  void start(actors::sidecar_watcher owner) override;

private:
  class watch;

  sidecar_directory(std::string path, unique_fd directory, unique_fd inotify);

  std::string path_;
  unique_fd directory_;
  unique_fd inotify_;
  boost::asio::io_context* context_ = nullptr;
  std::shared_ptr<watch> watch_;
};

} // namespace clearance::io
