#include "protocol/web/request.hpp"

#include "protocol/gate/http_request.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace clearance::protocol {

namespace {

struct web_path {
  std::string_view path;
  web_call call;
};

constexpr std::array web_paths{
    web_path{"/session", web_call::session},
    web_path{"/window", web_call::window},
    web_path{"/stream", web_call::stream},
    web_path{"/alive", web_call::alive},
    web_path{"/decide", web_call::decide},
    web_path{"/explain", web_call::explain},
    web_path{"/quiet", web_call::quiet},
    web_path{"/rule", web_call::rule},
    web_path{"/rules", web_call::rules},
};

bool is_exactly(const std::optional<std::string>& field,
                std::string_view expected) noexcept {
  return field && equal_in_constant_time(*field, expected);
}

} // namespace

void web_request_head::start(std::string_view method, std::string_view target) {
  method_ = method;
  target_ = target;
}

void web_request_head::set(std::optional<std::string>& field,
                           std::string_view value) {
  is_repeated_ = is_repeated_ || field.has_value();
  field = std::string{value};
}

void web_request_head::add(std::string_view name, std::string_view value) {
  if (same_field(name, "host")) {
    set(host_, value);
  } else if (same_field(name, "origin")) {
    set(origin_, value);
  } else if (same_field(name, "sec-fetch-site")) {
    set(site_, value);
  } else if (same_field(name, "content-type")) {
    set(type_, value);
  } else if (same_field(name, "content-length")) {
    set(length_, value);
  } else if (same_field(name, web_mark_name)) {
    set(mark_, value);
  } else if (same_field(name, "transfer-encoding")
             || same_field(name, "content-encoding")) {
    has_coding_ = true;
  } else if (same_field(name, "authorization")) {
    is_repeated_ = is_repeated_ || std::exchange(has_authorization_, true);
    constexpr std::string_view scheme = "Bearer ";
    if (value.substr(0, scheme.size()) == scheme)
      bearer_ = secret{value.substr(scheme.size())};
  }
}

// Host first: it tells a site that had its name point to us (DNS rebinding),
// and nothing is said to it, not even which paths there are. The token is last,
// so that a page of another origin cannot try any.
std::variant<web_call, web_refusal>
web_request_head::judge(std::string_view host, const web_tokens& tokens,
                        time_point now) const {
  if (is_repeated_)
    return web_refusal{403, "a field stands in it twice"};
  if (!is_exactly(host_, host))
    return web_refusal{403, "its Host is not the address that was printed"};
  if (method_ == "GET" && target_ == "/")
    return length_ || has_coding_
               ? std::variant<web_call, web_refusal>{web_refusal{
                   403, "it asks for the page and has a body"}}
               : web_call::page;
  const auto* path =
      std::find_if(web_paths.begin(), web_paths.end(),
                   [&](const web_path& x) { return x.path == target_; });
  if (method_ != "POST" || path == web_paths.end())
    return web_refusal{404, "there is no such page"};
  if (!is_exactly(origin_, "http://" + std::string{host}))
    return web_refusal{403, "it comes from another page (Origin)"};
  if (!is_exactly(site_, "same-origin"))
    return web_refusal{403, "it comes from another page (Sec-Fetch-Site)"};
  if (!is_exactly(mark_, web_mark_value))
    return web_refusal{403, "it has not the field of our page"};
  if (!is_exactly(type_, "application/json") || !length_ || has_coding_)
    return web_refusal{403, "its body is not JSON of a known length"};
  if (path->call != web_call::session && !tokens.bearer_until(bearer(), now))
    return web_refusal{403, "its token is not valid, or no longer"};
  return path->call;
}

} // namespace clearance::protocol
