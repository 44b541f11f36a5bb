// The bound of everything that reads a file through the page cache: blocks of 2 MiB with pread into
// one private buffer a thread, and nothing done with them.
//
//   read_bandwidth INPUT THREADS
//
// Prints seconds.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s INPUT THREADS\n", argv[0]);
    return 2;
  }
  constexpr size_t kBlock = size_t{2} << 20U;
  const int descriptor = open(argv[1], O_RDONLY);
  struct stat info {};
  if (descriptor < 0 || fstat(descriptor, &info) != 0) {
    std::perror(argv[1]);
    return 1;
  }
  const auto size = static_cast<size_t>(info.st_size);
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> workers;
  for (int i = 0; i < std::atoi(argv[2]); ++i) {
    workers.emplace_back([&] {
      std::vector<char> buffer(kBlock);
      for (size_t at = next.fetch_add(kBlock); at < size; at = next.fetch_add(kBlock)) {
        if (pread(descriptor, buffer.data(), kBlock, static_cast<off_t>(at)) <= 0) failed = true;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  std::printf("%.6f\n", wall.count());
  return failed ? 1 : 0;
}
