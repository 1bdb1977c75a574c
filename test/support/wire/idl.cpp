#include "test/support/wire/idl.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

namespace clearance::test {

namespace {

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

bool is_alpha(char c) {
  return is_upper(c) || (c >= 'a' && c <= 'z');
}

bool is_alnum(char c) {
  return is_alpha(c) || (c >= '0' && c <= '9');
}

class parser {
public:
  explicit parser(std::string_view text) : text_(text) {
    // nop
  }

  idl_interface whole() {
    idl_interface result;
    skip();
    word("interface");
    gap();
    result.name = interface_name();
    end_line();
    while (skip(), at_ < text_.size()) {
      result.members.push_back(member());
      end_line();
    }
    judge(result);
    return result;
  }

private:
  [[noreturn]] void fail(const std::string& why) const {
    auto line = std::count(
        text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
    throw std::runtime_error("line " + std::to_string(line + 1) + ": " + why);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token))
      return false;
    at_ += token.size();
    return true;
  }

  void need(std::string_view token) {
    skip();
    if (!take(token))
      fail("expected " + std::string{token});
    skip();
  }

  void word(std::string_view keyword) {
    if (!take(keyword))
      fail("expected " + std::string{keyword});
  }

  /// White space, line ends and comments; says whether there were any.
  bool skip() {
    auto begin = at_;
    for (;;) {
      while (peek() == ' ' || peek() == '\t' || peek() == '\n')
        ++at_;
      if (peek() != '#')
        return at_ != begin;
      at_ = std::min(text_.find('\n', at_), text_.size());
    }
  }

  void gap() {
    if (!skip())
      fail("expected white space");
  }

  /// The rest of a line that holds nothing more.
  void end_line() {
    while (peek() == ' ' || peek() == '\t')
      ++at_;
    if (peek() == '#')
      at_ = std::min(text_.find('\n', at_), text_.size());
    if (!take("\n"))
      fail("expected the line's end");
  }

  /// [A-Z][A-Za-z0-9]*
  std::string type_name() {
    if (!is_upper(peek()))
      fail("expected a name that begins with a capital");
    return take_while(is_alnum);
  }

  /// [A-Za-z](_?[A-Za-z0-9])*
  std::string field_name() {
    if (!is_alpha(peek()))
      fail("expected a field's name");
    auto name = take_while([](char c) { return is_alnum(c) || c == '_'; });
    if (name.back() == '_' || name.find("__") != std::string::npos)
      fail("a misplaced underscore in " + name);
    return name;
  }

  /// Two parts or more of [A-Za-z0-9](-*[A-Za-z0-9])*, the first not of digits.
  std::string interface_name() {
    auto name =
        take_while([](char c) { return is_alnum(c) || c == '-' || c == '.'; });
    if (name.empty() || !is_alpha(name[0])
        || name.find('.') == std::string::npos)
      fail("not an interface's name: " + name);
    for (std::string_view rest = name; !rest.empty();) {
      auto part = rest.substr(0, rest.find('.'));
      if (part.empty() || !is_alnum(part.front()) || !is_alnum(part.back())
          || part.size() + 1 == rest.size())
        fail("not an interface's name: " + name);
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    }
    return name;
  }

  template <class Predicate>
  std::string take_while(Predicate accept) {
    auto begin = at_;
    while (at_ < text_.size() && accept(text_[at_]))
      ++at_;
    return std::string{text_.substr(begin, at_ - begin)};
  }

  idl_member member() {
    auto keyword = take_while(is_alpha);
    idl_member result;
    if (keyword == "type")
      result.what = idl_member::kind::type;
    else if (keyword == "method")
      result.what = idl_member::kind::method;
    else if (keyword == "error")
      result.what = idl_member::kind::error;
    else
      fail("not a member: " + keyword);
    gap();
    result.name = type_name();
    skip();
    result.fields = fields();
    if (result.what == idl_member::kind::method) {
      need("->");
      result.replies = fields();
    }
    return result;
  }

  idl_fields fields() {
    idl_fields result;
    if (!take("("))
      fail("expected (");
    skip();
    if (take(")"))
      return result;
    do {
      skip();
      auto name = field_name();
      need(":");
      for (auto& [other, type] : result)
        if (other == name)
          fail("a second " + name);
      result.emplace_back(name, type());
      skip();
    } while (take(","));
    if (!take(")"))
      fail("expected , or )");
    return result;
  }

  std::string type() {
    if (take("?")) {
      if (peek() == '?')
        fail("an optional optional");
      return "?" + type();
    }
    if (take("[]"))
      return "[]" + type();
    if (take("[string]"))
      return "[string]" + type();
    if (is_upper(peek()))
      return *used_.insert(type_name()).first;
    auto name = take_while(is_alpha);
    static constexpr std::array<std::string_view, 5> elements{
        "bool", "int", "float", "string", "object"};
    if (std::find(elements.begin(), elements.end(), name) == elements.end())
      fail("not a type: " + name);
    return name;
  }

  void judge(const idl_interface& x) const {
    std::set<std::string> names;
    std::set<std::string> types;
    for (const auto& m : x.members) {
      if (!names.insert(m.name).second)
        fail("a second " + m.name);
      if (m.what == idl_member::kind::type)
        types.insert(m.name);
    }
    if (names.empty())
      fail("no members");
    for (const auto& name : used_)
      if (!types.contains(name))
        fail("no type " + name);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::set<std::string> used_;
};

} // namespace

idl_interface idl_interface::parse(std::string_view text) {
  return parser{text}.whole();
}

const idl_member& idl_interface::member(idl_member::kind what,
                                        std::string_view named) const {
  for (const auto& x : members)
    if (x.what == what && x.name == named)
      return x;
  throw std::runtime_error("no member " + std::string{named});
}

std::vector<idl_member> idl_interface::all(idl_member::kind what) const {
  std::vector<idl_member> result;
  for (const auto& x : members)
    if (x.what == what)
      result.push_back(x);
  return result;
}

} // namespace clearance::test
