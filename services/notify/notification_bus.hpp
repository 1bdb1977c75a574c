/// The desktop's notification server, by way of sd-bus.
#pragma once

#include "services/client/unix_socket.hpp"
#include "services/notify/notification_plan.hpp"

#include <systemd/sd-bus.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

/// What happens on the bus. Each is called from handle().
struct notification_events {
  /// There is a server, or another one.
  std::function<void(notification_abilities)> came;
  /// There is none, because of `why`; printable.
  std::function<void(const std::string& why)> gone;
  std::function<void(std::uint64_t tag, std::uint32_t id)> shown;
  /// Notify failed.
  std::function<void(std::uint64_t tag, const std::string& why)> not_shown;
  std::function<void(std::uint32_t id)> closed;
  std::function<void(std::uint32_t id, std::string_view key)> clicked;
};

/// Calls the server by its unique name, and believes signals of that name
/// alone: any program of the session may send a signal, also to us alone, and a
/// match for the sender's well-known name lets such a signal pass. The bus
/// itself writes the sender into a message.
///
/// Never blocks, but for opening the bus; its owner polls. Without a bus it
/// tries again after 1 s, and each further time after twice as long, up to 60
/// s.
class notification_bus {
public:
  explicit notification_bus(notification_events events);
  ~notification_bus();
  notification_bus(const notification_bus&) = delete;
  notification_bus& operator=(const notification_bus&) = delete;

  void append(std::vector<pollfd>& to) const;
  /// Does what is due, and what came.
  void handle(time_point now);
  std::optional<time_point> due() const;

  void call(const notification_call& x);

private:
  struct bus_ends {
    void operator()(sd_bus* x) const { ::sd_bus_close_unref(x); }
  };
  struct slot_ends {
    void operator()(sd_bus_slot* x) const { ::sd_bus_slot_unref(x); }
  };
  using bus_ptr = std::unique_ptr<sd_bus, bus_ends>;
  using slot_ptr = std::unique_ptr<sd_bus_slot, slot_ends>;

  /// A call of Notify that has not been answered.
  struct asked {
    notification_bus* bus = nullptr;
    std::uint64_t tag = 0;
    slot_ptr slot;
  };

  void connect(time_point now);
  int set_up();
  void disconnected(const std::string& why, time_point now);
  void set_owner(const char* name);
  void ask_abilities();
  void start_server();
  void show(const notification_show& x);
  void close(std::uint32_t id);

  static int on_owner(sd_bus_message* m, void* self, sd_bus_error* error);
  static int on_owner_reply(sd_bus_message* m, void* self, sd_bus_error* error);
  static int on_start_reply(sd_bus_message* m, void* self, sd_bus_error* error);
  static int on_server_name(sd_bus_message* m, void* self, sd_bus_error* error);
  static int on_abilities(sd_bus_message* m, void* self, sd_bus_error* error);
  static int on_signal(sd_bus_message* m, void* self, sd_bus_error* error);
  static int on_shown(sd_bus_message* m, void* call, sd_bus_error* error);

  notification_events events_;
  bus_ptr bus_;
  // Of calls and matches; end before the bus.
  slot_ptr owner_match_;
  slot_ptr signal_match_;
  slot_ptr owner_call_;
  slot_ptr start_call_;
  slot_ptr server_name_call_;
  slot_ptr abilities_call_;
  std::map<std::uint64_t, asked> asked_; // by tag
  std::string owner_;                    // unique name; empty: no server
  bool leaves_popups_ = false;           // the server; see close()
  std::optional<time_point> connect_at_ = time_point{};
  std::chrono::seconds pause_{1};
};

/// `notify --send`: one notification. Prints its id. Returns the exit code.
int send_notification(const std::string& summary, const std::string& body,
                      std::int32_t milliseconds);

} // namespace clearance::services
