/// Programs that have a package of their own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace clearance::services {

/// Replaces this program by the program `name`, which lies beside it or on
/// PATH. Returns an exit code if that is not possible; `missing` is what is
/// said if there is no such program.
int execute_program(const std::string& name, std::vector<std::string> words,
                    std::string_view missing);

} // namespace clearance::services
