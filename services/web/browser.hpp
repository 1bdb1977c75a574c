/// Starts the person's browser.
#pragma once

#include <string>

namespace clearance::services {

/// A file that sends a browser to a link. Other users cannot read it, and they
/// can read the words of a command: so the browser is given the file's path.
class link_file {
public:
  /// Writes the file into `directory`. path() is empty if that fails.
  link_file(const std::string& directory, const std::string& link);
  link_file(const link_file&) = delete;
  link_file& operator=(const link_file&) = delete;
  ~link_file() { remove(); }

  const std::string& path() const noexcept { return path_; }
  void remove() noexcept;

private:
  std::string path_;
};

/// Starts `program` with the path, and does not wait for it. Returns why it
/// cannot be started, printable; empty: it was started.
std::string start_browser(const std::string& program, const std::string& path);

/// The program that opens the person's browser: $BROWSER, or xdg-open. Empty:
/// there is none.
std::string browser_program();

} // namespace clearance::services
