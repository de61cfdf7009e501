<%@ page contentType="text/plain; charset=utf-8" %>Served by <%= application.getServerInfo() %>.
