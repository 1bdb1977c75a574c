/// test/run starts it to learn if programs with the thread sanitizer run here.

#include <thread>

int main() {
  auto status = 1;
  std::thread{[&status] { status = 0; }}.join();
  return status;
}
