/// toml++, which reads TOML. Include this header instead of its own.
///
/// Its assertions are left out: some of them fail for what people write. With
/// `[%x]` the library (3.3.0) asserts that a key begins with a letter, and the
/// program would end with SIGABRT, although the library reports this fault to
/// its caller a few lines later. NDEBUG is no help: clang then takes what is
/// asserted for true.
#pragma once

#define TOML_ASSERT(expression) static_cast<void>(0)

#pragma push_macro("NDEBUG")
#undef NDEBUG
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")
