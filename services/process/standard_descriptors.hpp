/// What every program does first about what it inherits.
#pragma once

namespace clearance::services {

/// Opens those of descriptors 0, 1 and 2 that are closed, so that no socket and
/// no file of the program gets one of these numbers: a message for stderr would
/// go into it.
///
/// Reading the new stdin and writing the new stdout fail with EBADF, so that a
/// client notices. What is written to the new stderr is lost: nobody reads it.
/// If no descriptor can be opened, the process ends with exit code 1.
void open_standard_descriptors();

/// Every main() calls this first. Opens the standard descriptors. No signal is
/// blocked: a program that waits ends on SIGTERM, whoever has started it.
/// SIGXFSZ (RLIMIT_FSIZE) is ignored, so that the write fails with EFBIG and
/// the program says what it could not write. Programs that it starts get
/// SIGXFSZ's default back. A service does more: settle_inheritance().
void settle_program();

/// The same for a program with a service that reads its settings again on
/// SIGHUP. SIGHUP is blocked, so that a signal that comes early waits: until
/// settle_inheritance() says what becomes of it, or until
/// let_hangup_end_program().
void settle_reloading_program();

/// SIGHUP ends the program, also one that waited. main() calls it after
/// settle_reloading_program(), when the command line asks for something else
/// than the service.
void let_hangup_end_program();

/// Whether stdout was open for writing when the program started.
bool has_stdout();

} // namespace clearance::services
