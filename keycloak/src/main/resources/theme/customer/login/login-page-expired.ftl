<#import "template.ftl" as layout>
<#-- As Keycloak's own, but its links say where they lead. -->
<@layout.registrationLayout; section>
    <#if section = "header">
        ${msg("pageExpiredTitle")}
    <#elseif section = "form">
        <p id="instruction1">${msg("customerExpired")}</p>
        <p class="actions">
            <a id="loginContinueLink" class="button" href="${url.loginAction}">${msg("pageExpiredMsg2")}</a>
            <a id="loginRestartLink" class="button second" href="${url.loginRestartFlowUrl}">${msg("pageExpiredMsg1")}</a>
        </p>
    </#if>
</@layout.registrationLayout>
