// Marks a function that a CPU loop and a CUDA kernel both call.
#pragma once

#if defined(__CUDACC__)
#define CTR_HD __host__ __device__
#else
#define CTR_HD
#endif
