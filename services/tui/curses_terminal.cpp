#include "services/tui/curses_terminal.hpp"

#include <array>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <langinfo.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <utility>
#include <vector>

// Asks the header for wide characters, and for functions where it would have
// macros with names such as `timeout`.
#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>

namespace clearance::services {

namespace {

/// Each has the pair of its number.
constexpr short pair_of(tone x) {
  return static_cast<short>(static_cast<int>(x) + 1);
}

constexpr std::array colored{tone::heading, tone::warning, tone::danger,
                             tone::good};

short color_of(tone x) {
  switch (x) {
  case tone::heading:
    return COLOR_CYAN;
  case tone::warning:
    return COLOR_YELLOW;
  case tone::danger:
    return COLOR_RED;
  case tone::good:
    return COLOR_GREEN;
  case tone::normal:
  case tone::quiet:
    break;
  }
  return -1;
}

// Another program may have left the mouse on, and its reports are no keys.
// Source: xterm's "Control Sequences", "Mouse Tracking".
void switch_mouse_off() {
  std::fputs("\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l"
             "\x1b[?1015l",
             stdout);
}

// As SGR, with numbers. Source: xterm's "Control Sequences", "SGR (1006)".
void switch_mouse_on() {
  std::fputs("\x1b[?1000h\x1b[?1006h", stdout);
}

/// What a handler needs to leave at once, without ncurses.
struct way_out {
  termios modes{};
  bool has_modes = false;
  std::string bytes; // leave the program's screen, show the cursor
};

way_out& the_way_out() {
  static way_out x;
  return x;
}

std::string capability(const char* name) {
  // ncurses does not change what it gets.
  const char* text = ::tigetstr(const_cast<char*>(name));             // NOLINT
  return text == nullptr || text == reinterpret_cast<const char*>(-1) // NOLINT
             ? std::string{}
             : std::string{text};
}

// Only functions that a handler may call (signal-safety(7)). What the terminal
// has not shown is dropped, so that there is room for the last bytes. The
// kernel takes them whole or says that the terminal is full.
extern "C" void leave_terminal_at_once(int) {
  const auto& x = the_way_out();
  // The program has one thread.
  ::tcflow(STDOUT_FILENO, TCOON); // NOLINT(concurrency-mt-unsafe)
  ::tcflush(STDOUT_FILENO, TCOFLUSH);
  pollfd entry{STDOUT_FILENO, POLLOUT, 0};
  if (::poll(&entry, 1, 0) == 1 && (entry.revents & POLLOUT) != 0)
    (void)!::write(STDOUT_FILENO, x.bytes.data(), x.bytes.size());
  if (x.has_modes)
    ::tcsetattr(STDIN_FILENO, TCSANOW, &x.modes);
  ::_exit(0);
}

constexpr std::array ending_signals{SIGHUP, SIGINT, SIGTERM};

/// As long as an object of it exists, these signals end the process.
class endable {
public:
  endable() {
    sigset_t set;
    ::sigemptyset(&set);
    for (int each : ending_signals)
      ::sigaddset(&set, each);
    ::pthread_sigmask(SIG_UNBLOCK, &set, &before_);
  }
  endable(const endable&) = delete;
  endable& operator=(const endable&) = delete;
  ~endable() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
  sigset_t before_{};
};

void prepare_way_out() {
  auto& x = the_way_out();
  x.bytes = capability("sgr0") + capability("cnorm") + capability("rmcup")
            + "\x1b[?1000l\x1b[?1006l\x1b[?2004l\r\n";
  for (int each : ending_signals) {
    struct sigaction action {};
    ::sigaction(each, nullptr, &action);
    if (action.sa_handler == SIG_IGN)
      continue;
    action.sa_handler = leave_terminal_at_once;
    ::sigaction(each, &action, nullptr);
  }
}

// A terminal without this mode ignores it. Source: xterm, "Bracketed Paste".
void set_bracketed_paste(bool on) {
  std::fputs(on ? "\x1b[?2004h" : "\x1b[?2004l", stdout);
  std::fflush(stdout);
}

} // namespace

struct curses_terminal::impl {
  SCREEN* screen = nullptr;
  bool has_colors = false;
};

curses_terminal::curses_terminal(bool has_colors, bool has_mouse)
    : impl_(std::make_unique<impl>()), has_mouse_(has_mouse) {
  the_way_out().has_modes =
      ::tcgetattr(STDIN_FILENO, &the_way_out().modes) == 0;
  std::setlocale(LC_CTYPE, ""); // NOLINT(concurrency-mt-unsafe)
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  has_lines_ = std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
  impl_->screen = ::newterm(nullptr, stdout, stdin);
  if (impl_->screen == nullptr)
    throw std::runtime_error("the terminal named by TERM is not known, or "
                             "cannot place text; use --plain");
  prepare_way_out();
  const endable now;
  if (has_colors && ::has_colors() && ::start_color() == OK
      && ::use_default_colors() == OK) {
    impl_->has_colors = true;
    for (auto x : colored)
      ::init_pair(pair_of(x), color_of(x), -1);
  }
  // Every key is a byte for us, Ctrl-C and Ctrl-Z, too.
  ::raw();
  ::noecho();
  ::nonl();
  ::curs_set(0);
  ::leaveok(stdscr, TRUE);
  enter();
  resized();
}

curses_terminal::~curses_terminal() {
  // A terminal that takes nothing would keep ncurses for ever, and in the
  // background it is a shell's.
  pollfd entry{STDOUT_FILENO, POLLOUT, 0};
  if (is_ours() && ::poll(&entry, 1, 0) == 0)
    leave_terminal_at_once(0);
  if (is_ours())
    leave();
  ::delscreen(impl_->screen);
}

void curses_terminal::enter() {
  switch_mouse_off();
  if (has_mouse_)
    switch_mouse_on();
  set_bracketed_paste(true);
}

void curses_terminal::leave() {
  const endable now;
  ::endwin();
  if (has_mouse_)
    switch_mouse_off();
  set_bracketed_paste(false);
}

void curses_terminal::resized() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0
      && size.ws_col > 0) {
    rows_ = size.ws_row;
    columns_ = size.ws_col;
    ::resizeterm(size.ws_row, size.ws_col);
  } else {
    rows_ = static_cast<std::size_t>(LINES);
    columns_ = static_cast<std::size_t>(COLS);
  }
}

void curses_terminal::show(const cell_grid& picture) {
  const endable now;
  std::vector<cchar_t> line(picture.columns());
  for (std::size_t row = 0; row < picture.rows(); ++row) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const auto& x = picture.at(row, i);
      attr_t attributes = A_NORMAL;
      if (x.is_reversed)
        attributes |= A_REVERSE;
      if (x.is_bold)
        attributes |= A_BOLD;
      if (x.meaning == tone::quiet)
        attributes |= A_DIM;
      const bool has_pair = impl_->has_colors && color_of(x.meaning) >= 0;
      const wchar_t text[] = {static_cast<wchar_t>(x.glyph), L'\0'};
      ::setcchar(&line[i], text, attributes,
                 has_pair ? pair_of(x.meaning) : short{0}, nullptr);
    }
    ::mvadd_wchnstr(static_cast<int>(row), 0, line.data(),
                    static_cast<int>(line.size()));
  }
  ::refresh();
}

void curses_terminal::forget_picture() {
  ::clearok(stdscr, TRUE);
}

void curses_terminal::suspend() {
  leave();
  struct sigaction standard {};
  struct sigaction before {};
  standard.sa_handler = SIG_DFL;
  ::sigaction(SIGTSTP, &standard, &before);
  sigset_t stop;
  sigset_t mask;
  ::sigemptyset(&stop);
  ::sigaddset(&stop, SIGTSTP);
  ::kill(0, SIGTSTP);
  // The process stops here.
  ::pthread_sigmask(SIG_UNBLOCK, &stop, &mask);
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  ::sigaction(SIGTSTP, &before, nullptr);
}

bool curses_terminal::is_ours() const {
  const auto group = ::tcgetpgrp(STDIN_FILENO);
  return group < 0 || group == ::getpgrp();
}

void curses_terminal::resume() {
  const endable now;
  ::reset_prog_mode();
  enter();
  resized();
  forget_picture();
  ::refresh();
}

} // namespace clearance::services
