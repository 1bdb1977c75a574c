/// Whether a program under the thread sanitizer runs here at all; for test/run.

#include <thread>

int main() {
  auto status = 1;
  std::thread{[&status] { status = 0; }}.join();
  return status;
}
