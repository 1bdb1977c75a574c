// A push that the disk has no room to save. The repository lies on a small file
// system in memory, in a mount namespace of the gate's.

#include "test/end_to_end/world/hooked_gate.hpp"
#include "test/support/skip.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace gate_full_disk_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> own_mounts{"/usr/bin/unshare", "--user",
                                          "--map-root-user", "--mount"};

bool can_mount() {
  child_options options;
  options.argv = own_mounts;
  options.argv.insert(options.argv.end(),
                      {"mount", "-t", "tmpfs", "none", "/mnt"});
  try {
    child process{std::move(options)};
    return process.wait() == exited(0);
  } catch (const std::exception&) { // no such program
    return false;
  }
}

/// Runs the gate's words with 4 MiB of memory in the place of the mirror root.
std::vector<std::string> on_small_disk(const gate_world& world) {
  const auto copy = world.dir / "copy";
  fs::copy(world.mirror_root(), copy, fs::copy_options::recursive);
  auto result = own_mounts;
  result.insert(result.end(),
                {"/bin/sh", "-c",
                 "set -e; mount -t tmpfs -o size=4m none \"$1\"; "
                 "cp -R \"$2\"/. \"$1\"; shift 2; exec \"$@\"",
                 "sh", world.mirror_root().string(), copy.string()});
  return result;
}

/// The repository as the gate sees it.
fs::path seen_by(const gate& server, const gate_world& world) {
  return "/proc/" + std::to_string(server.process().pid()) + "/root"
         + world.repository().string();
}

/// Returns when nothing more can be written there.
void fill(const fs::path& file) {
  const unique_fd fd{
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  REQUIRE(fd);
  const std::string zeros(4096, '\0');
  while (::write(fd.get(), zeros.data(), zeros.size()) > 0)
    continue;
  REQUIRE_EQ(errno, ENOSPC);
}

std::vector<std::string> leftovers(const fs::path& repository) {
  std::vector<std::string> result;
  for (const auto& entry : fs::recursive_directory_iterator(repository))
    if (const auto name = entry.path().filename().string();
        name.ends_with(".lock") || name.find("marker.") != std::string::npos
        || name.find("incoming") != std::string::npos)
      result.push_back(entry.path().string());
  return result;
}

} // namespace

TEST_CASE("on a full disk nothing is taken away, and the log says why") {
  if (!can_mount()) {
    skipped("needs unshare(1) and user namespaces");
    return;
  }
  const gate_world world;
  world.seed();
  const auto id = world.in_mirror({"rev-parse", "main"});
  world.in_mirror({"update-ref", "refs/heads/x", id});
  gate_options options;
  options.launcher = on_small_disk(world);
  options.arguments = {"--hooks-path", install_hooks(world).string()};
  gate server{world, options};
  const auto repository = seen_by(server, world);
  auto remove_x = [&] {
    auto client = server.client();
    return read_push_report(client.call(receive_pack_request(
        gate_world::token,
        receive_pack_body({{id, no_object, "refs/heads/x"}}))));
  };
  fill(repository / "filler");
  auto report = remove_x();
  INFO(report);
  CHECK_FALSE(report.ok("refs/heads/x"));
  server.process().await_err(
      "push refused: cannot save what this push takes away: ");
  CHECK_EQ(read_file(repository / "refs/heads/x"), id + "\n");
  CHECK(leftovers(repository).empty());

  fs::remove(repository / "filler");
  report = remove_x();
  CHECK(report.ok("refs/heads/x"));
  CHECK(fs::is_directory(repository / "refs/terok/backup/x"));
  CHECK_EQ(read_file(repository / "terok-push-marker").substr(20, 6),
           "\ndone\n");
}

} // namespace gate_full_disk_tests
