#pragma once
// The launchers as CUDA kernels. Included by generated .cu files only.

#include <cuda_runtime.h>

#include "engine/error.h"
#include "engine/launch.h"

namespace ctr::cuda {

inline void check(cudaError_t status, const char* expression, const char* name) {
  if (status == cudaSuccess) return;
  throw Error(std::string(name) + ": " + expression + " failed: " + cudaGetErrorString(status),
              ErrorKind::device);
}

// Every kernel of the project starts here.
template <class... Expected, class... Actual>
void launch(const char* name, void (*kernel)(Expected...), dim3 grid, dim3 block,
            size_t shared_bytes, cudaStream_t stream, Actual&&... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  check(cudaLaunchKernelEx(&config, kernel, static_cast<Actual&&>(arguments)...),
        "cudaLaunchKernelEx", name);
}

inline constexpr unsigned kThreads = 256;
inline constexpr int64_t kMostBlocks = 1024;

inline dim3 grid_for(int64_t blocks) {
  return dim3(static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks));
}

template <class Body>
__global__ void for_each_kernel(int64_t n, Body body) {
  for (int64_t i = blockIdx.x * int64_t{blockDim.x} + threadIdx.x; i < n;
       i += int64_t{gridDim.x} * blockDim.x) {
    body(i);
  }
}

template <class Body>
__global__ void for_each_2d_kernel(int64_t rows, int64_t cols, Body body) {
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    for (int64_t col = threadIdx.x; col < cols; col += blockDim.x) body(row, col);
  }
}

// One block per row; a fixed tree over its threads.
template <class Body>
__global__ void reduce_rows_kernel(int64_t rows, int64_t cols, Body body) {
  __shared__ typename Body::Value partial[kThreads];
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    typename Body::Value value = body.identity();
    for (int64_t col = threadIdx.x; col < cols; col += kThreads)
      value = body.combine(value, body.load(row, col));
    partial[threadIdx.x] = value;
    __syncthreads();
    for (unsigned width = kThreads / 2; width > 0; width /= 2) {
      if (threadIdx.x < width) {
        partial[threadIdx.x] = body.combine(partial[threadIdx.x], partial[threadIdx.x + width]);
      }
      __syncthreads();
    }
    if (threadIdx.x == 0) body.store(row, partial[0]);
    __syncthreads();
  }
}

// One thread per column: neighbouring threads read neighbouring elements.
template <class Body>
__global__ void reduce_cols_kernel(int64_t rows, int64_t cols, Body body) {
  for (int64_t col = blockIdx.x * int64_t{blockDim.x} + threadIdx.x; col < cols;
       col += int64_t{gridDim.x} * blockDim.x) {
    typename Body::Value value = body.identity();
    for (int64_t row = 0; row < rows; ++row) value = body.combine(value, body.load(row, col));
    body.store(col, value);
  }
}

template <class Body>
void for_each(int64_t n, const Body& body) {
  if (n <= 0) return;  // a grid of zero blocks is an error
  launch(Body::kName, for_each_kernel<Body>, grid_for((n + kThreads - 1) / kThreads), kThreads, 0,
         nullptr, n, body);
}
template <class Body>
void for_each_2d(int64_t rows, int64_t cols, const Body& body) {
  if (rows <= 0 || cols <= 0) return;
  launch(Body::kName, for_each_2d_kernel<Body>, grid_for(rows), kThreads, 0, nullptr, rows, cols,
         body);
}
template <class Body>
void reduce_rows(int64_t rows, int64_t cols, const Body& body) {
  if (rows <= 0) return;
  launch(Body::kName, reduce_rows_kernel<Body>, grid_for(rows), kThreads, 0, nullptr, rows, cols,
         body);
}
template <class Body>
void reduce_cols(int64_t rows, int64_t cols, const Body& body) {
  if (cols <= 0) return;
  launch(Body::kName, reduce_cols_kernel<Body>, grid_for((cols + kThreads - 1) / kThreads),
         kThreads, 0, nullptr, rows, cols, body);
}

}  // namespace ctr::cuda

#define CTR_KERNEL_1(launcher, body)                                      \
  template void cuda::launcher<body<float>>(int64_t, const body<float>&); \
  template void cuda::launcher<body<double>>(int64_t, const body<double>&);
#define CTR_KERNEL_2(launcher, body)                                               \
  template void cuda::launcher<body<float>>(int64_t, int64_t, const body<float>&); \
  template void cuda::launcher<body<double>>(int64_t, int64_t, const body<double>&);
#define CTR_KERNEL_for_each(body) CTR_KERNEL_1(for_each, body)
#define CTR_KERNEL_for_each_2d(body) CTR_KERNEL_2(for_each_2d, body)
#define CTR_KERNEL_reduce_rows(body) CTR_KERNEL_2(reduce_rows, body)
#define CTR_KERNEL_reduce_cols(body) CTR_KERNEL_2(reduce_cols, body)
#undef CTR_KERNEL
#define CTR_KERNEL(launcher, body) CTR_KERNEL_##launcher(body) static_assert(true)
