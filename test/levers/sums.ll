; ModuleID = 'sums.c'
source_filename = "sums.c"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nounwind uwtable
define dso_local i32 @sums(ptr noundef %0, ptr noundef %1, i32 noundef %2) #0 !dbg !9 {
  %4 = alloca ptr, align 8
  %5 = alloca ptr, align 8
  %6 = alloca i32, align 4
  %7 = alloca i32, align 4
  %8 = alloca i32, align 4
  %9 = alloca i32, align 4
  %10 = alloca i32, align 4
  store ptr %0, ptr %4, align 8, !tbaa !12
  store ptr %1, ptr %5, align 8, !tbaa !12
  store i32 %2, ptr %6, align 4, !tbaa !16
  call void @llvm.lifetime.start.p0(i64 4, ptr %7) #2, !dbg !18
  store i32 0, ptr %7, align 4, !dbg !19, !tbaa !16
  call void @llvm.lifetime.start.p0(i64 4, ptr %8) #2, !dbg !20
  store i32 0, ptr %8, align 4, !dbg !21, !tbaa !16
  br label %11, !dbg !20

11:                                               ; preds = %47, %3
  %12 = load i32, ptr %8, align 4, !dbg !22, !tbaa !16
  %13 = load i32, ptr %6, align 4, !dbg !23, !tbaa !16
  %14 = icmp slt i32 %12, %13, !dbg !24
  br i1 %14, label %16, label %15, !dbg !25

15:                                               ; preds = %11
  store i32 2, ptr %9, align 4
  call void @llvm.lifetime.end.p0(i64 4, ptr %8) #2, !dbg !25
  br label %50

16:                                               ; preds = %11
  call void @llvm.lifetime.start.p0(i64 4, ptr %10) #2, !dbg !26
  store i32 0, ptr %10, align 4, !dbg !27, !tbaa !16
  br label %17, !dbg !26

17:                                               ; preds = %36, %16
  %18 = load i32, ptr %10, align 4, !dbg !28, !tbaa !16
  %19 = load i32, ptr %6, align 4, !dbg !29, !tbaa !16
  %20 = icmp slt i32 %18, %19, !dbg !30
  br i1 %20, label %22, label %21, !dbg !31

21:                                               ; preds = %17
  store i32 5, ptr %9, align 4
  call void @llvm.lifetime.end.p0(i64 4, ptr %10) #2, !dbg !31
  br label %39

22:                                               ; preds = %17
  %23 = load ptr, ptr %4, align 8, !dbg !32, !tbaa !12
  %24 = load i32, ptr %10, align 4, !dbg !33, !tbaa !16
  %25 = sext i32 %24 to i64, !dbg !32
  %26 = getelementptr inbounds i32, ptr %23, i64 %25, !dbg !32
  %27 = load i32, ptr %26, align 4, !dbg !32, !tbaa !16
  %28 = load ptr, ptr %5, align 8, !dbg !34, !tbaa !12
  %29 = load i32, ptr %8, align 4, !dbg !35, !tbaa !16
  %30 = sext i32 %29 to i64, !dbg !34
  %31 = getelementptr inbounds i32, ptr %28, i64 %30, !dbg !34
  %32 = load i32, ptr %31, align 4, !dbg !34, !tbaa !16
  %33 = mul nsw i32 %27, %32, !dbg !36
  %34 = load i32, ptr %7, align 4, !dbg !37, !tbaa !16
  %35 = add nsw i32 %34, %33, !dbg !37
  store i32 %35, ptr %7, align 4, !dbg !37, !tbaa !16
  br label %36, !dbg !38

36:                                               ; preds = %22
  %37 = load i32, ptr %10, align 4, !dbg !39, !tbaa !16
  %38 = add nsw i32 %37, 1, !dbg !39
  store i32 %38, ptr %10, align 4, !dbg !39, !tbaa !16
  br label %17, !dbg !31, !llvm.loop !40

39:                                               ; preds = %21
  br label %40, !dbg !43

40:                                               ; preds = %43, %39
  %41 = load i32, ptr %7, align 4, !dbg !44, !tbaa !16
  %42 = icmp sgt i32 %41, 1000, !dbg !45
  br i1 %42, label %43, label %46, !dbg !43

43:                                               ; preds = %40
  %44 = load i32, ptr %7, align 4, !dbg !46, !tbaa !16
  %45 = sdiv i32 %44, 3, !dbg !46
  store i32 %45, ptr %7, align 4, !dbg !46, !tbaa !16
  br label %40, !dbg !43, !llvm.loop !47

46:                                               ; preds = %40
  br label %47, !dbg !49

47:                                               ; preds = %46
  %48 = load i32, ptr %8, align 4, !dbg !50, !tbaa !16
  %49 = add nsw i32 %48, 1, !dbg !50
  store i32 %49, ptr %8, align 4, !dbg !50, !tbaa !16
  br label %11, !dbg !25, !llvm.loop !51

50:                                               ; preds = %15
  br label %51, !dbg !52

51:                                               ; preds = %54, %50
  %52 = load i32, ptr %7, align 4, !dbg !53, !tbaa !16
  %53 = add nsw i32 %52, -1, !dbg !53
  store i32 %53, ptr %7, align 4, !dbg !53, !tbaa !16
  br label %54, !dbg !54

54:                                               ; preds = %51
  %55 = load i32, ptr %7, align 4, !dbg !55, !tbaa !16
  %56 = and i32 %55, 7, !dbg !56
  %57 = icmp ne i32 %56, 0, !dbg !54
  br i1 %57, label %51, label %58, !dbg !54, !llvm.loop !57

58:                                               ; preds = %54
  %59 = load i32, ptr %7, align 4, !dbg !59, !tbaa !16
  store i32 1, ptr %9, align 4
  call void @llvm.lifetime.end.p0(i64 4, ptr %7) #2, !dbg !60
  ret i32 %59, !dbg !61
}

; Function Attrs: nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.start.p0(i64 immarg, ptr nocapture) #1

; Function Attrs: nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.end.p0(i64 immarg, ptr nocapture) #1

; Function Attrs: nounwind uwtable
define dso_local i32 @hinted(ptr noundef %0, i32 noundef %1) #0 !dbg !62 {
  %3 = alloca ptr, align 8
  %4 = alloca i32, align 4
  %5 = alloca i32, align 4
  %6 = alloca i32, align 4
  store ptr %0, ptr %3, align 8, !tbaa !12
  store i32 %1, ptr %4, align 4, !tbaa !16
  call void @llvm.lifetime.start.p0(i64 4, ptr %5) #2, !dbg !63
  store i32 0, ptr %5, align 4, !dbg !64, !tbaa !16
  call void @llvm.lifetime.start.p0(i64 4, ptr %6) #2, !dbg !65
  store i32 0, ptr %6, align 4, !dbg !66, !tbaa !16
  br label %7, !dbg !65

7:                                                ; preds = %20, %2
  %8 = load i32, ptr %6, align 4, !dbg !67, !tbaa !16
  %9 = load i32, ptr %4, align 4, !dbg !68, !tbaa !16
  %10 = icmp slt i32 %8, %9, !dbg !69
  br i1 %10, label %12, label %11, !dbg !70

11:                                               ; preds = %7
  call void @llvm.lifetime.end.p0(i64 4, ptr %6) #2, !dbg !70
  br label %23

12:                                               ; preds = %7
  %13 = load ptr, ptr %3, align 8, !dbg !71, !tbaa !12
  %14 = load i32, ptr %6, align 4, !dbg !72, !tbaa !16
  %15 = sext i32 %14 to i64, !dbg !71
  %16 = getelementptr inbounds i32, ptr %13, i64 %15, !dbg !71
  %17 = load i32, ptr %16, align 4, !dbg !71, !tbaa !16
  %18 = load i32, ptr %5, align 4, !dbg !73, !tbaa !16
  %19 = add nsw i32 %18, %17, !dbg !73
  store i32 %19, ptr %5, align 4, !dbg !73, !tbaa !16
  br label %20, !dbg !74

20:                                               ; preds = %12
  %21 = load i32, ptr %6, align 4, !dbg !75, !tbaa !16
  %22 = add nsw i32 %21, 1, !dbg !75
  store i32 %22, ptr %6, align 4, !dbg !75, !tbaa !16
  br label %7, !dbg !70, !llvm.loop !76

23:                                               ; preds = %11
  %24 = load i32, ptr %5, align 4, !dbg !79, !tbaa !16
  call void @llvm.lifetime.end.p0(i64 4, ptr %5) #2, !dbg !80
  ret i32 %24, !dbg !81
}

attributes #0 = { nounwind uwtable "min-legal-vector-width"="0" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="x86-64" "target-features"="+cmov,+cx8,+fxsr,+mmx,+sse,+sse2,+x87" "tune-cpu"="generic" }
attributes #1 = { nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }
attributes #2 = { nounwind }

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2, !3, !4, !5, !6, !7}
!llvm.ident = !{!8}

!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, producer: "Debian clang version 19.1.7 (3~deb12u1)", isOptimized: true, runtimeVersion: 0, emissionKind: LineTablesOnly, splitDebugInlining: false, nameTableKind: None)
!1 = !DIFile(filename: "sums.c", directory: "/build", checksumkind: CSK_MD5, checksum: "42721b4c92ffc69af389ba280328041c")
!2 = !{i32 7, !"Dwarf Version", i32 5}
!3 = !{i32 2, !"Debug Info Version", i32 3}
!4 = !{i32 1, !"wchar_size", i32 4}
!5 = !{i32 8, !"PIC Level", i32 2}
!6 = !{i32 7, !"PIE Level", i32 2}
!7 = !{i32 7, !"uwtable", i32 2}
!8 = !{!"Debian clang version 19.1.7 (3~deb12u1)"}
!9 = distinct !DISubprogram(name: "sums", scope: !1, file: !1, line: 1, type: !10, scopeLine: 1, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !0)
!10 = !DISubroutineType(types: !11)
!11 = !{}
!12 = !{!13, !13, i64 0}
!13 = !{!"any pointer", !14, i64 0}
!14 = !{!"omnipotent char", !15, i64 0}
!15 = !{!"Simple C/C++ TBAA"}
!16 = !{!17, !17, i64 0}
!17 = !{!"int", !14, i64 0}
!18 = !DILocation(line: 2, column: 3, scope: !9)
!19 = !DILocation(line: 2, column: 7, scope: !9)
!20 = !DILocation(line: 3, column: 8, scope: !9)
!21 = !DILocation(line: 3, column: 12, scope: !9)
!22 = !DILocation(line: 3, column: 19, scope: !9)
!23 = !DILocation(line: 3, column: 23, scope: !9)
!24 = !DILocation(line: 3, column: 21, scope: !9)
!25 = !DILocation(line: 3, column: 3, scope: !9)
!26 = !DILocation(line: 4, column: 10, scope: !9)
!27 = !DILocation(line: 4, column: 14, scope: !9)
!28 = !DILocation(line: 4, column: 21, scope: !9)
!29 = !DILocation(line: 4, column: 25, scope: !9)
!30 = !DILocation(line: 4, column: 23, scope: !9)
!31 = !DILocation(line: 4, column: 5, scope: !9)
!32 = !DILocation(line: 4, column: 38, scope: !9)
!33 = !DILocation(line: 4, column: 40, scope: !9)
!34 = !DILocation(line: 4, column: 45, scope: !9)
!35 = !DILocation(line: 4, column: 47, scope: !9)
!36 = !DILocation(line: 4, column: 43, scope: !9)
!37 = !DILocation(line: 4, column: 35, scope: !9)
!38 = !DILocation(line: 4, column: 33, scope: !9)
!39 = !DILocation(line: 4, column: 29, scope: !9)
!40 = distinct !{!40, !31, !41, !42}
!41 = !DILocation(line: 4, column: 48, scope: !9)
!42 = !{!"llvm.loop.mustprogress"}
!43 = !DILocation(line: 5, column: 5, scope: !9)
!44 = !DILocation(line: 5, column: 12, scope: !9)
!45 = !DILocation(line: 5, column: 14, scope: !9)
!46 = !DILocation(line: 6, column: 9, scope: !9)
!47 = distinct !{!47, !43, !48, !42}
!48 = !DILocation(line: 7, column: 5, scope: !9)
!49 = !DILocation(line: 8, column: 3, scope: !9)
!50 = !DILocation(line: 3, column: 27, scope: !9)
!51 = distinct !{!51, !25, !49, !42}
!52 = !DILocation(line: 9, column: 3, scope: !9)
!53 = !DILocation(line: 10, column: 6, scope: !9)
!54 = !DILocation(line: 11, column: 3, scope: !9)
!55 = !DILocation(line: 11, column: 12, scope: !9)
!56 = !DILocation(line: 11, column: 14, scope: !9)
!57 = distinct !{!57, !52, !58, !42}
!58 = !DILocation(line: 11, column: 17, scope: !9)
!59 = !DILocation(line: 12, column: 10, scope: !9)
!60 = !DILocation(line: 13, column: 1, scope: !9)
!61 = !DILocation(line: 12, column: 3, scope: !9)
!62 = distinct !DISubprogram(name: "hinted", scope: !1, file: !1, line: 15, type: !10, scopeLine: 15, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !0)
!63 = !DILocation(line: 16, column: 3, scope: !62)
!64 = !DILocation(line: 16, column: 7, scope: !62)
!65 = !DILocation(line: 18, column: 8, scope: !62)
!66 = !DILocation(line: 18, column: 12, scope: !62)
!67 = !DILocation(line: 18, column: 19, scope: !62)
!68 = !DILocation(line: 18, column: 23, scope: !62)
!69 = !DILocation(line: 18, column: 21, scope: !62)
!70 = !DILocation(line: 18, column: 3, scope: !62)
!71 = !DILocation(line: 18, column: 36, scope: !62)
!72 = !DILocation(line: 18, column: 38, scope: !62)
!73 = !DILocation(line: 18, column: 33, scope: !62)
!74 = !DILocation(line: 18, column: 31, scope: !62)
!75 = !DILocation(line: 18, column: 27, scope: !62)
!76 = distinct !{!76, !70, !77, !42, !78}
!77 = !DILocation(line: 18, column: 39, scope: !62)
!78 = !{!"llvm.loop.unroll.count", i32 4}
!79 = !DILocation(line: 19, column: 10, scope: !62)
!80 = !DILocation(line: 20, column: 1, scope: !62)
!81 = !DILocation(line: 19, column: 3, scope: !62)
