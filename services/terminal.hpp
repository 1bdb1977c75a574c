/// What may safely be shown on a terminal, and what may be pasted into a shell.
#pragma once

#include <string>
#include <string_view>

namespace clearance::services {

enum class color_when { automatic, always, never };

/// Whether to colour what goes to descriptor `fd`. Automatic: it is a terminal
/// that can, and NO_COLOR is unset or empty. Source: no-color.org.
bool wants_color(color_when when, int fd);

} // namespace clearance::services
