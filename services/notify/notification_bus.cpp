#include "services/notify/notification_bus.hpp"

#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"
#include "services/cli/terminal.hpp"
#include "services/process/exit_code.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

// Source: the Desktop Notifications Specification 1.2, and sd-bus(3).
namespace clearance::services {

namespace {

using namespace std::chrono_literals;

constexpr auto server_name = "org.freedesktop.Notifications";
constexpr auto server_path = "/org/freedesktop/Notifications";
constexpr auto bus_name = "org.freedesktop.DBus";
constexpr auto bus_path = "/org/freedesktop/DBus";

constexpr std::uint8_t normal_urgency = 1;
constexpr std::uint8_t critical_urgency = 2;
constexpr std::int32_t never_expires = 0;
constexpr std::int32_t expires_at_once = 1; // after 1 ms
constexpr std::int32_t server_decides = -1;

constexpr auto pause_max = 60s;

std::string text_of(const sd_bus_error* error, int code) {
  if (error != nullptr && error->message != nullptr)
    return protocol::escaped(error->message, 300);
  return protocol::error_text(-code);
}

/// The error of a reply; empty: it is none.
std::string failure_of(sd_bus_message* m) {
  const auto* error = ::sd_bus_message_get_error(m);
  return error == nullptr ? std::string{} : text_of(error, -EIO);
}

/// The answer to GetCapabilities.
notification_abilities read_abilities(sd_bus_message* m) {
  notification_abilities result;
  if (::sd_bus_message_enter_container(m, 'a', "s") < 0)
    return result;
  const char* word = nullptr;
  while (::sd_bus_message_read(m, "s", &word) > 0) {
    result.actions = result.actions || std::string_view{word} == "actions";
    result.body_markup =
        result.body_markup || std::string_view{word} == "body-markup";
  }
  return result;
}

/// Appends all but the id that is replaced. Returns a negative errno, or 0.
int append_notification(sd_bus_message* m, const notification_show& x,
                        std::int32_t milliseconds) {
  int r = ::sd_bus_message_append(m, "susss", "terok-clearance", x.replaces,
                                  "dialog-warning", x.summary.c_str(),
                                  x.body.c_str());
  if (r >= 0)
    r = ::sd_bus_message_open_container(m, 'a', "s");
  for (const auto& [key, label] : x.actions)
    if (r >= 0)
      r = ::sd_bus_message_append(m, "ss", key.c_str(), label.c_str());
  if (r >= 0)
    r = ::sd_bus_message_close_container(m);
  // A click does not make it vanish: what came of the click is shown there.
  if (r >= 0)
    r = ::sd_bus_message_append(
        m, "a{sv}", 3, "urgency", "y",
        x.is_critical ? critical_urgency : normal_urgency, "resident", "b", 1,
        "transient", "b", x.is_brief ? 1 : 0);
  if (r >= 0)
    r = ::sd_bus_message_append(m, "i", milliseconds);
  return r;
}

struct message_ends {
  void operator()(sd_bus_message* x) const { ::sd_bus_message_unref(x); }
};
using message_ptr = std::unique_ptr<sd_bus_message, message_ends>;

} // namespace

notification_bus::notification_bus(notification_events events)
    : events_(std::move(events)) {
  // nop
}

// Notifications of a program that ends would never be answered by anybody.
notification_bus::~notification_bus() {
  if (bus_)
    ::sd_bus_flush(bus_.get());
}

void notification_bus::append(std::vector<pollfd>& to) const {
  if (!bus_)
    return;
  const auto fd = ::sd_bus_get_fd(bus_.get());
  const auto events = ::sd_bus_get_events(bus_.get());
  if (fd >= 0 && events >= 0)
    to.push_back({fd, static_cast<short>(events), 0});
}

std::optional<time_point> notification_bus::due() const {
  if (!bus_)
    return connect_at_;
  std::uint64_t microseconds = 0;
  // The time of CLOCK_MONOTONIC, as std::chrono::steady_clock has it.
  if (::sd_bus_get_timeout(bus_.get(), &microseconds) < 0
      || microseconds == UINT64_MAX)
    return std::nullopt;
  return time_point{} + std::chrono::microseconds{microseconds};
}

void notification_bus::handle(time_point now) {
  if (!bus_ && connect_at_ && now >= *connect_at_)
    connect(now);
  int r = 1;
  while (bus_ && (r = ::sd_bus_process(bus_.get(), nullptr)) > 0)
    continue;
  if (bus_ && r < 0)
    disconnected("the session bus is gone: " + protocol::error_text(-r), now);
}

void notification_bus::connect(time_point now) {
  connect_at_.reset();
  sd_bus* bus = nullptr;
  int r = ::sd_bus_open_user(&bus);
  bus_.reset(bus);
  if (r >= 0)
    r = set_up();
  if (r < 0)
    disconnected("there is no session bus: " + protocol::error_text(-r), now);
  else
    pause_ = 1s;
}

int notification_bus::set_up() {
  auto* bus = bus_.get();
  sd_bus_slot* slot = nullptr;
  int r =
      ::sd_bus_match_signal_async(bus, &slot, bus_name, bus_path, bus_name,
                                  "NameOwnerChanged", on_owner, nullptr, this);
  owner_match_.reset(std::exchange(slot, nullptr));
  if (r >= 0)
    r = ::sd_bus_match_signal_async(bus, &slot, nullptr, server_path,
                                    server_name, nullptr, on_signal, nullptr,
                                    this);
  signal_match_.reset(std::exchange(slot, nullptr));
  if (r >= 0)
    r = ::sd_bus_call_method_async(bus, &slot, bus_name, bus_path, bus_name,
                                   "GetNameOwner", on_owner_reply, this, "s",
                                   server_name);
  owner_call_.reset(std::exchange(slot, nullptr));
  return r;
}

void notification_bus::disconnected(const std::string& why, time_point now) {
  asked_.clear();
  for (auto* slot : {&owner_match_, &signal_match_, &owner_call_, &start_call_,
                     &server_name_call_, &abilities_call_})
    slot->reset();
  bus_.reset();
  owner_.clear();
  connect_at_ = now + pause_;
  pause_ = std::min<std::chrono::seconds>(2 * pause_, pause_max);
  events_.gone(why);
}

int notification_bus::on_owner(sd_bus_message* m, void* self, sd_bus_error*) {
  const char* name = nullptr;
  const char* before = nullptr;
  const char* now = nullptr;
  if (::sd_bus_message_read(m, "sss", &name, &before, &now) >= 0
      && std::string_view{name} == server_name)
    static_cast<notification_bus*>(self)->set_owner(now);
  return 0;
}

int notification_bus::on_owner_reply(sd_bus_message* m, void* self,
                                     sd_bus_error*) {
  auto& bus = *static_cast<notification_bus*>(self);
  const char* name = nullptr;
  if (failure_of(m).empty() && ::sd_bus_message_read(m, "s", &name) >= 0)
    bus.set_owner(name);
  else if (bus.owner_.empty())
    bus.start_server();
  return 0;
}

// Most desktops start their server when somebody asks for it.
void notification_bus::start_server() {
  sd_bus_slot* slot = nullptr;
  ::sd_bus_call_method_async(bus_.get(), &slot, bus_name, bus_path, bus_name,
                             "StartServiceByName", on_start_reply, this, "su",
                             server_name, 0U);
  start_call_.reset(slot);
}

int notification_bus::on_start_reply(sd_bus_message* m, void* self,
                                     sd_bus_error*) {
  auto& bus = *static_cast<notification_bus*>(self);
  // Else NameOwnerChanged has told, or tells.
  if (const auto why = failure_of(m); !why.empty() && bus.owner_.empty())
    bus.events_.gone("no program shows notifications: " + why);
  return 0;
}

void notification_bus::set_owner(const char* name) {
  if (owner_ == name)
    return;
  const bool had_owner = !owner_.empty();
  owner_ = name;
  asked_.clear();
  server_name_call_.reset();
  abilities_call_.reset();
  leaves_popups_ = false;
  if (!owner_.empty())
    ask_abilities();
  else if (had_owner)
    events_.gone("the program that shows notifications has ended");
}

// The answers come in the order of the calls.
void notification_bus::ask_abilities() {
  sd_bus_slot* slot = nullptr;
  ::sd_bus_call_method_async(bus_.get(), &slot, owner_.c_str(), server_path,
                             server_name, "GetServerInformation",
                             on_server_name, this, nullptr);
  server_name_call_.reset(std::exchange(slot, nullptr));
  ::sd_bus_call_method_async(bus_.get(), &slot, owner_.c_str(), server_path,
                             server_name, "GetCapabilities", on_abilities, this,
                             nullptr);
  abilities_call_.reset(slot);
}

int notification_bus::on_server_name(sd_bus_message* m, void* self,
                                     sd_bus_error*) {
  const char* name = nullptr;
  if (failure_of(m).empty() && ::sd_bus_message_read(m, "s", &name) >= 0)
    static_cast<notification_bus*>(self)->leaves_popups_ =
        std::string_view{name} == "Notification Daemon";
  return 0;
}

int notification_bus::on_abilities(sd_bus_message* m, void* self,
                                   sd_bus_error*) {
  auto& bus = *static_cast<notification_bus*>(self);
  bus.events_.came(failure_of(m).empty() ? read_abilities(m)
                                         : notification_abilities{});
  return 0;
}

int notification_bus::on_signal(sd_bus_message* m, void* self, sd_bus_error*) {
  auto& bus = *static_cast<notification_bus*>(self);
  const char* sender = ::sd_bus_message_get_sender(m);
  if (sender == nullptr || bus.owner_.empty() || bus.owner_ != sender)
    return 0;
  std::uint32_t id = 0;
  std::uint32_t reason = 0;
  const char* key = nullptr;
  if (::sd_bus_message_is_signal(m, server_name, "ActionInvoked") > 0) {
    if (::sd_bus_message_read(m, "us", &id, &key) >= 0)
      bus.events_.clicked(id, key);
  } else if (::sd_bus_message_is_signal(m, server_name, "NotificationClosed")
             > 0) {
    if (::sd_bus_message_read(m, "uu", &id, &reason) >= 0)
      bus.events_.closed(id);
  }
  return 0;
}

void notification_bus::call(const notification_call& x) {
  if (const auto* gone = std::get_if<notification_close>(&x))
    close(gone->id);
  else
    show(std::get<notification_show>(x));
}

// notification-daemon 3.20 forgets a notification that is closed and leaves its
// popup on the screen; it shows the next one only when that popup has expired
// (tried). So the popup is replaced by one that expires at once.
//
// Nobody waits for replies: the notification is gone, or the server is.
void notification_bus::close(std::uint32_t id) {
  if (!bus_ || owner_.empty())
    return;
  if (leaves_popups_) {
    notification_show last;
    last.summary = "No longer blocked";
    last.replaces = id;
    sd_bus_message* raw = nullptr;
    int r = ::sd_bus_message_new_method_call(
        bus_.get(), &raw, owner_.c_str(), server_path, server_name, "Notify");
    const message_ptr m{raw};
    if (r >= 0)
      r = append_notification(m.get(), last, expires_at_once);
    if (r >= 0)
      ::sd_bus_call_async(bus_.get(), nullptr, m.get(), nullptr, nullptr, 0);
  }
  ::sd_bus_call_method_async(bus_.get(), nullptr, owner_.c_str(), server_path,
                             server_name, "CloseNotification", nullptr, nullptr,
                             "u", id);
}

void notification_bus::show(const notification_show& x) {
  if (!bus_ || owner_.empty())
    return; // the plan hears that the server is gone
  sd_bus_message* raw = nullptr;
  int r = ::sd_bus_message_new_method_call(bus_.get(), &raw, owner_.c_str(),
                                           server_path, server_name, "Notify");
  const message_ptr m{raw};
  if (r >= 0)
    r = append_notification(m.get(), x,
                            x.is_brief ? server_decides : never_expires);
  if (r >= 0) {
    auto& call = asked_[x.tag];
    call.bus = this;
    call.tag = x.tag;
    sd_bus_slot* slot = nullptr;
    r = ::sd_bus_call_async(bus_.get(), &slot, m.get(), on_shown, &call, 0);
    call.slot.reset(slot);
  }
  if (r < 0) {
    asked_.erase(x.tag);
    events_.not_shown(x.tag, protocol::error_text(-r));
  }
}

int notification_bus::on_shown(sd_bus_message* m, void* call, sd_bus_error*) {
  auto& bus = *static_cast<asked*>(call)->bus;
  const auto tag = static_cast<asked*>(call)->tag;
  auto why = failure_of(m);
  std::uint32_t id = 0;
  if (why.empty() && ::sd_bus_message_read(m, "u", &id) < 0)
    why = "the answer has no id";
  bus.asked_.erase(tag); // sd-bus holds the slot until this function returns
  if (why.empty())
    bus.events_.shown(tag, id);
  else
    bus.events_.not_shown(tag, why);
  return 0;
}

namespace {

/// One notification; calls that wait for their answers.
class one_shot {
public:
  ~one_shot() { ::sd_bus_error_free(&error_); }
  one_shot() = default;
  one_shot(const one_shot&) = delete;
  one_shot& operator=(const one_shot&) = delete;

  /// Returns why it failed, printable; else empty, and the id is in `id`.
  std::string send(notification_show x, std::int32_t milliseconds,
                   std::uint32_t& id) {
    sd_bus* bus = nullptr;
    int r = ::sd_bus_open_user(&bus);
    bus_.reset(bus);
    if (r < 0)
      return "there is no session bus: " + protocol::error_text(-r);
    message_ptr can;
    r = call(new_call("GetCapabilities"), can);
    if (r < 0)
      return text_of(&error_, r);
    if (read_abilities(can.get()).body_markup)
      x.body = without_markup(x.body);
    auto m = new_call("Notify");
    r = m ? append_notification(m.get(), x, milliseconds) : -ENOMEM;
    if (r < 0)
      return protocol::error_text(-r);
    message_ptr answer;
    r = call(std::move(m), answer);
    if (r < 0)
      return text_of(&error_, r);
    return ::sd_bus_message_read(answer.get(), "u", &id) < 0
               ? "the answer has no id"
               : "";
  }

private:
  message_ptr new_call(const char* member) {
    sd_bus_message* m = nullptr;
    ::sd_bus_message_new_method_call(bus_.get(), &m, server_name, server_path,
                                     server_name, member);
    return message_ptr{m};
  }

  int call(message_ptr m, message_ptr& answer) {
    sd_bus_message* raw = nullptr;
    const int r =
        m ? ::sd_bus_call(bus_.get(), m.get(), 0, &error_, &raw) : -ENOMEM;
    answer.reset(raw);
    return r;
  }

  struct bus_ends {
    void operator()(sd_bus* x) const { ::sd_bus_flush_close_unref(x); }
  };

  std::unique_ptr<sd_bus, bus_ends> bus_;
  sd_bus_error error_ = SD_BUS_ERROR_NULL;
};

} // namespace

int send_notification(const std::string& summary, const std::string& body,
                      std::int32_t milliseconds) {
  notification_show x;
  x.summary = summary;
  x.body = body;
  std::uint32_t id = 0;
  auto why = one_shot{}.send(std::move(x), milliseconds, id);
  if (!why.empty()) {
    complain("cannot show the notification: " + why);
    return exit_failed;
  }
  why = print(std::to_string(id) + "\n");
  if (why.empty())
    return exit_ok;
  complain(why);
  return exit_failed;
}

} // namespace clearance::services
